import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("Memory that lives by a region's decoders, whoever put it there")
struct LiveMemoryTests {
    /// The firmware gave the kernel the region's memory as System RAM: no dax_region, every block online.
    private func bootMemory(_ generation: Generation, locked: Bool) -> MachineState {
        var region = Machines.region(locked: locked)
        region.assembled = false
        region.daxDriver = nil
        var machine = Machines.booted(generation, ranges: [], regions: [region])
        machine.iomem = IomemTree(inFileOrder: [
            IomemEntry(range: Machines.window, name: "CXL Window 0"),
            IomemEntry(range: Machines.range, name: "region0"), IomemEntry(range: Machines.range, name: "System RAM"),
        ])
        machine.memory.blocks = [MemoryBlock(number: 186, range: Machines.range, isOnline: true, zone: "Normal")]
        return machine
    }

    @Test(
        "System RAM of the host itself over an unlocked region: whatever takes the decoders away is a crash",
        arguments: ["cxl_acpi", "cxl_pci", "cxl_mem"]
    )
    func bootMemory(module: String) throws {
        let machine = bootMemory(.coordinated, locked: false)
        let steps: [Step] = module == "cxl_mem" ? [.unload("cxl_pci"), .unload("cxl_mem")] : [.unload(module)]
        let hazards = try Planner(machine: machine).predict(steps).hazards
        let crash = try #require(hazards.first { $0.id == .decodeUnderLiveMemory })
        #expect(crash.subject == "region0" && crash.fix.hasPrefix("none while the host runs"))
        #expect(!Hazard.Identifier.decodeUnderLiveMemory.isAcceptable)
    }

    @Test("locked, it survives cxl_acpi; but no device is ever made over memory of the host")
    func lockedBootMemory() throws {
        let planner = try Planner(machine: bootMemory(.coordinated, locked: true))
        let plan = planner.predict([.unload("cxl_acpi"), .load("cxl_acpi"), .load("dax_cxl")])
        #expect(plan.hazardIDs.isEmpty && plan.owners(of: Machines.range) == [.none])
    }

    @Test("dax_hmem's device stays when the region under it goes, and is dead; its users are named")
    func keptOverLost() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "hmem-first-then-cxl", "dax_cxl-second")
        var machine = try Inspector(root: root.path).read()
        let index = try #require(machine.daxDevices.firstIndex { $0.owner == .hmem })
        machine.daxDevices[index].users = [DaxUser(pid: 7, command: "db", isMapped: true)]
        let planner = try Planner(machine: machine)
        let hazards = planner.predict([.unload("dax_cxl"), .unload("cxl_acpi")]).hazards
        #expect(Set(hazards.map(\.id)) == [.regionLost, .undecodedRange, .deviceOpen])
        #expect(hazards.first { $0.id == .undecodedRange }?.severity == .crash)
        let gone = planner.predict([.unload("dax_cxl"), .unload("dax_hmem"), .unload("cxl_acpi")])
        #expect(!gone.hazardIDs.contains(.undecodedRange))
    }

    @Test("cxl_port where it is a module: its removal takes the endpoints' decoders")
    func port() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: false)
        machine.modules.builtin.remove("cxl_port")
        machine.modules.loaded["cxl_port"] = machine.modules.loaded["dax_hmem"]
        let plan = try Planner(machine: machine).predict([.unload("cxl_port")])
        #expect(plan.hazardIDs.contains(.regionLost) && plan.owners(of: Machines.range) == [.none])
        machine.regions[0].locked = true
        let back = try Planner(machine: machine).predict([.unload("cxl_port"), .load("cxl_port")])
        #expect(back.owners(of: Machines.range) == [.cxl])
    }

    @Test("kmem goes from under persistent memory too")
    func persistentMemory() throws {
        var machine = Machines.booted(.coordinated, ranges: [])
        machine.modules.loaded["kmem"] = machine.modules.loaded["dax_hmem"]
        machine.daxDevices = [
            DaxDevice(name: "dax9.0", ranges: [Machines.elsewhere], owner: nil, through: "region9", driver: "kmem")
        ]
        machine.memory.blocks = [MemoryBlock(number: 2, range: Machines.elsewhere, isOnline: true, zone: "Movable")]
        let hazards = try Planner(machine: machine).predict([.unload("kmem")]).hazards
        #expect(hazards.map(\.id) == [.memoryOnline] && hazards.first?.subject == "dax9.0")
    }
}
