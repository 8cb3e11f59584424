import CaptureReplay
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("Persistent regions and the nvdimm bridge that cxl_pmem drives")
struct PmemBridgeTests {
    private static let pmem = Machines.span(0x5_f000_0000, 0x2000_0000)
    private static let topology: [Step] = [.load("cxl_acpi"), .load("cxl_pci"), .load("cxl_mem")]

    /// As `persist hmem` leaves a host: `cxl_acpi` is not loaded, the memory devices have their drivers, one is persistent.
    private func waiting(_ generation: Generation = .deferring) -> MachineState {
        var machine = Machines.booted(generation)
        machine.windows[0].isLive = false
        machine.modules.loaded["cxl_acpi"] = nil
        machine.modules.loaded["cxl_pmem"] = nil
        machine.modules.loaded["dax_cxl"] = nil
        machine.memdevs = [
            Memdev(name: "mem0", hasEndpoint: false, persistentSize: 0),
            Memdev(name: "mem1", hasEndpoint: false, persistentSize: Self.pmem.size),
        ]
        return machine
    }

    /// A persistent region that is assembled, and whose pmem_region has a driver or not.
    private func assembled(
        _ generation: Generation = .deferring,
        lacksDriver: Bool,
        locked: Bool? = nil
    ) -> MachineState {
        var region = Machines.region(Self.pmem, locked: locked)
        region.mode = "pmem"
        region.lacksPmemDriver = lacksDriver
        var machine = Machines.booted(generation, regions: [region])
        if lacksDriver { machine.modules.loaded["cxl_pmem"] = nil }
        return machine
    }

    private func found(_ steps: [Step], on machine: MachineState) throws -> [Hazard] {
        try Planner(machine: machine).predict(steps).hazards.filter { $0.id == .pmemWithoutBridge }
    }

    @Test("assembled while cxl_pmem is not loaded: the step that does it is refused, and the fix names it")
    func unseen() throws {
        let hazards = try found([.load("cxl_acpi"), .load("dax_cxl")], on: waiting())
        #expect(hazards.map(\.subject) == ["mem1"])
        #expect(hazards.allSatisfy { $0.severity == .crash && !$0.id.isAcceptable })
        #expect(hazards.first?.fix.contains("load:cxl_pmem before load:cxl_acpi") == true)
        #expect(hazards.first?.why.contains("cxl_acpi is not loaded") == true)
    }

    @Test("a soft dependency that loads cxl_acpi assembles it as well")
    func bySoftDependency() throws {
        var machine = waiting()
        machine.modules.loaded["dax_hmem"] = nil
        let hazards = try found([.load("dax_hmem")], on: machine)
        #expect(hazards.count == 1 && hazards.first?.fix.contains("before load:dax_hmem") == true)
    }

    @Test("what persist cxl has written may load cxl_pmem too late, where a command stands in place of what it needs")
    func persisted() throws {
        var machine = waiting()
        machine.modules.loaded["dax_hmem"] = nil
        machine.persisted = .cxl
        let plan = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(plan.hazardIDs.contains(.pmemWithoutBridge))
        #expect(plan.prediction.modules["cxl_pmem"] == [.absent, .live])
    }

    @Test("with cxl_pmem before it there is no danger: in by a step, at the start, or in the kernel image")
    func driverFirst() throws {
        #expect(try found([.load("cxl_pmem")] + Self.topology, on: waiting()).isEmpty)
        var machine = waiting()
        machine.modules.builtin.insert("cxl_pmem")
        #expect(try found(Self.topology, on: machine).isEmpty)
        machine = waiting()
        machine.modules.loaded["cxl_pmem"] = machine.modules.loaded["cxl_pci"]
        #expect(try found(Self.topology, on: machine).isEmpty)
    }

    @Test("where cxl_acpi depends on cxl_pmem it loads it, whatever the generation")
    func dependency() throws {
        #expect(try found(Self.topology, on: waiting(.coordinated)).isEmpty)
        var machine = waiting()
        machine.modules.dependencies = ["cxl_acpi": ["cxl_pmem"], "cxl_pmem": [], "dax_cxl": [], "dax_hmem": []]
        #expect(try found(Self.topology, on: machine).isEmpty)
        machine.modules.dependencies?["cxl_acpi"] = []
        #expect(try found(Self.topology, on: machine).count == 1)
    }

    @Test("a cxl_pmem that can't come is no danger: barred on the command line, or not built")
    func neverComes() throws {
        var machine = waiting()
        machine.kernel.commandLine = KernelCommandLine("module_blacklist=cxl_pmem")
        #expect(try found(Self.topology, on: machine).isEmpty)
        machine.kernel.commandLine = KernelCommandLine("module_blacklist=cxl-pmem")
        #expect(try found(Self.topology, on: machine).count == 1)
        machine = waiting()
        machine.modules.dependencies = ["cxl_acpi": [], "cxl_pci": [], "cxl_mem": []]
        #expect(try found(Self.topology, on: machine).isEmpty)
    }

    @Test("memory devices without persistent memory, and a kernel that assembles no region, are no danger")
    func nothingPersistent() throws {
        var machine = waiting()
        machine.memdevs[1].persistentSize = 0
        #expect(try found(Self.topology, on: machine).isEmpty)
        machine.memdevs[1].persistentSize = nil
        #expect(try found(Self.topology, on: machine).isEmpty)
        #expect(try found(Self.topology, on: waiting(.hmemOnly)).isEmpty)
    }

    @Test("what daxswitch saw of the decoders in this boot counts: only bytes beside the ram can be persistent")
    func remembered() throws {
        var machine = waiting()
        machine.remembered = RememberedDecoders(
            regions: [RememberedRegion(range: Machines.range, locked: true)],
            decoded: [Machines.range]
        )
        #expect(try found(Self.topology, on: machine).isEmpty)
        machine.remembered?.decoded.append(Self.pmem)
        #expect(try found(Self.topology, on: machine).count == 1)
    }

    @Test("one that stands: cxl_pmem is refused, everything else is not, and the machine as it is shows it")
    func present() throws {
        let machine = assembled(lacksDriver: true)
        let present = presentHazards(of: machine)
        #expect(present.map(\.subject) == ["region0"])
        #expect(present.allSatisfy { $0.id == .pmemWithoutBridge && $0.fix.contains("reboot") })
        let refused = try found([.load("cxl_pmem")], on: machine)
        #expect(refused.map(\.subject) == ["region0"])
        #expect(refused.first?.why.contains("load:cxl_pmem") == true)
        #expect(try found([.unload("dax_cxl"), .unload("dax_hmem"), .load("dax_hmem")], on: machine).isEmpty)
    }

    @Test("one with its driver is no danger, nor one without where cxl_pmem is in and has let it be")
    func driven() throws {
        let machine = assembled(lacksDriver: false)
        #expect(presentHazards(of: machine).isEmpty)
        #expect(try found(Self.topology, on: machine).isEmpty)
        var left = assembled(lacksDriver: true)
        left.modules.loaded["cxl_pmem"] = left.modules.loaded["cxl_pci"]
        #expect(presentHazards(of: left).isEmpty)
    }

    @Test("rules that are not known tell nothing about the machine as it stands")
    func unknownRules() {
        var machine = assembled(lacksDriver: true)
        machine.kernel.generation = Inferred(nil, evidence: [])
        #expect(presentHazards(of: machine).isEmpty)
    }

    @Test("a locked region that comes back with its endpoints is named")
    func reattached() throws {
        var machine = assembled(.coordinated, lacksDriver: false, locked: true)
        machine.modules.loaded["cxl_pmem"] = nil
        machine.modules.dependencies = Dictionary(
            uniqueKeysWithValues: ["cxl_acpi", "cxl_pci", "cxl_mem", "cxl_pmem", "dax_hmem", "dax_cxl"].map { ($0, []) }
        )
        let hazards = try found([.unload("cxl_pci"), .load("cxl_pci")], on: machine)
        #expect(hazards.map(\.subject) == ["region0"])
        #expect(hazards.first?.fix.contains("before load:cxl_pci") == true)
    }

    @Test("a policy's plan is refused, and goes through once cxl_pmem is in")
    func planned() throws {
        var machine = waiting()
        machine.isHeld = true
        machine.daxDevices = [Machines.device(.hmem)]
        let refused = try Planner(machine: machine).plan(Machines.cxl)
        #expect(refused.hazardIDs.contains(.pmemWithoutBridge))
        machine.modules.loaded["cxl_pmem"] = machine.modules.loaded["cxl_pci"]
        let plan = try Planner(machine: machine).plan(Machines.cxl)
        #expect(plan.steps == refused.steps && !plan.hazardIDs.contains(.pmemWithoutBridge))
    }

    @Test("the way back loads it before cxl_acpi, and takes it out after")
    func wayBack() throws {
        var both = Machines.booted(.deferring, ranges: [])
        both.memdevs = waiting().memdevs
        both.modules.loaded["cxl_pmem"]?.references = 1
        var neither = both
        neither.windows[0].isLive = false
        neither.modules.loaded["cxl_acpi"] = nil
        neither.modules.loaded["cxl_pmem"] = nil
        #expect(
            try Planner(machine: neither).wayBack(to: OwnershipGoal(of: both))?.steps == [
                .load("cxl_pmem"), .load("cxl_acpi"),
            ]
        )
        #expect(
            try Planner(machine: both).wayBack(to: OwnershipGoal(of: neither))?.steps == [
                .unload("cxl_acpi"), .unload("cxl_pmem"),
            ]
        )
    }

    @Test("cxl_pmem is not removed while cxl_acpi is in, whichever step loaded them; after it, it is")
    func heldByBus() throws {
        let planner = try Planner(machine: waiting())
        let brought: [Step] = [.load("cxl_pmem"), .load("cxl_acpi")]
        let refused = planner.predict(brought + [.unload("cxl_pmem")])
        #expect(refused.hazards.contains { $0.id == .stepRefused && $0.why.contains("EAGAIN") })
        let done = planner.predict(brought + [.unload("cxl_acpi"), .unload("cxl_pmem")])
        #expect(!done.hazardIDs.contains(.stepRefused) && done.prediction.modules["cxl_pmem"] == [.absent])
    }

    @Test("recorded machines: without udev the region of 6.12 and 6.18 has no driver, that of 7.x has")
    func recorded() throws {
        for (kernel, isStanding) in [("6.12.107-lab", true), ("6.18.15-lab", true), ("7.3.4-lab", false)] {
            let machine = try Replay.state(TestCaptures.root(kernel: kernel, scenario: "pmem", "topology"))
            #expect(presentHazards(of: machine).count == (isStanding ? 1 : 0), "\(kernel)")
        }
    }
}
