import Machine
import Testing

@testable import Ownership

@Suite("Hazards of what else goes with cxl_acpi, and of what does not come back")
struct RemovalHazardTests {
    private func pmemRegion(locked: Bool, _ namespaces: [PmemNamespace]?) -> MachineState {
        var region = Machines.region(locked: locked)
        region.mode = "pmem"
        var machine = Machines.booted(.coordinated, ranges: [], regions: [region])
        machine.pmem = namespaces
        return machine
    }

    private func hazards(_ machine: MachineState) throws -> [Hazard] {
        try Planner(machine: machine).predict([.unload("cxl_acpi")]).hazards
    }

    @Test("an active namespace is in use, with its users; one elsewhere is not concerned")
    func active() throws {
        let mounted = PmemNamespace(name: "namespace0.0", range: Machines.range, users: ["pmem0 is mounted at /data"])
        let found = try hazards(pmemRegion(locked: true, [mounted]))
        #expect(found.map(\.id) == [.pmemInUse])
        #expect(found[0].why.contains("pmem0 is mounted at /data"))
        let other = PmemNamespace(name: "namespace1.0", range: Machines.elsewhere, users: [])
        #expect(try hazards(pmemRegion(locked: true, [other])).isEmpty)
    }

    @Test("without an active namespace only the region can be lost, if its decoders are not locked")
    func inactive() throws {
        #expect(try hazards(pmemRegion(locked: false, [])).map(\.id) == [.regionLost])
        #expect(try hazards(pmemRegion(locked: true, [])).isEmpty)
    }

    @Test("what is not known counts as in use")
    func unknown() throws {
        #expect(try hazards(pmemRegion(locked: true, nil)).map(\.id) == [.pmemInUse])
    }

    @Test("where /proc hides processes, a dax device may be open", arguments: [true, false])
    func hiddenUsers(usersAreKnown: Bool) throws {
        var machine = Machines.booted(.coordinated, regions: [Machines.region(locked: true)])
        machine.daxDevices = [Machines.device(.cxl, driver: "device_dax")]
        machine.daxDevices[0].usersAreKnown = usersAreKnown
        let found = try Planner(machine: machine).predict([.unload("dax_cxl")]).hazards
        #expect(found.filter { $0.id == .deviceOpen }.map(\.subject) == (usersAreKnown ? [] : ["dax0.0"]))
    }

    @Test(
        "locked down, a module without a signature can't be loaded again",
        arguments: [("none", true, false), ("integrity", true, true), ("confidentiality", false, false)]
    )
    func lockdown(mode: String, isUnsigned: Bool, isHazard: Bool) throws {
        var machine = Machines.booted(.coordinated)
        machine.kernel.lockdown = mode
        machine.modules.loaded["dax_hmem"]?.isUnsigned = isUnsigned
        let plan = try Planner(machine: machine).predict([.unload("dax_cxl"), .unload("dax_hmem"), .load("dax_hmem")])
        #expect(plan.hazardIDs.contains(.lockdown) == isHazard)
    }
}
