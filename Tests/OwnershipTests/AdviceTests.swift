import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("What is advised can help on this machine")
struct AdviceTests {
    /// Memory that is stuck: its device is gone and it is online.
    private func stuck(_ generation: Generation) -> MachineState {
        var machine = Machines.booted(generation, regions: [Machines.region(locked: false)])
        machine.iomem = IomemTree(inFileOrder: [IomemEntry(range: Machines.range, name: "System RAM (kmem)")])
        machine.memory.blocks = [MemoryBlock(number: 186, range: Machines.range, isOnline: true, zone: "Movable")]
        return machine
    }

    @Test("persist cxl: where CXL owns memory at the next boot, and nobody's memory is lost")
    func persistCxl() {
        let wants = { (machine: MachineState) in NextBoot(of: machine).bringsCxl(Machines.cxl.want) }
        for generation in [Generation.coordinated, .deferring] {
            #expect(wants(Machines.cxlOwned(generation, locked: false)))
            #expect(!wants(Machines.booted(generation)), "no region lies there")
        }
        var without = Machines.cxlOwned(.deferring, locked: false)
        without.modules.loaded["dax_cxl"] = nil
        without.modules.dependencies = Dictionary(
            uniqueKeysWithValues: ["cxl_acpi", "cxl_pci", "cxl_mem", "dax_hmem"].map { ($0, []) }
        )
        #expect(!wants(without), "the kernel has no dax_cxl")
        var unseen = Machines.booted(.deferring)
        unseen.memdevs = []
        #expect(!wants(unseen), "the decoders are not seen")
    }

    @Test(
        "a capture from before a loss is advised only where it can help: not over a Soft Reserved line, nor outside of windows"
    )
    func captureOfLoss() throws {
        let fix = { (machine: MachineState) in findings(of: machine) { [] }.first { $0.id == .noOwner }?.fix ?? "" }
        let words =
            "If a region was lost in this boot and you have a capture from before: `daxswitch plan cxl --regions-from"
        #expect(fix(Machines.booted(.coordinated)).contains(words), "\(fix(Machines.booted(.coordinated)))")
        var reserved = Machines.booted(.deferring)
        reserved.iomem = IomemTree(inFileOrder: [IomemEntry(range: Machines.range, name: "Soft Reserved")])
        var outside = Machines.booted(.coordinated)
        outside.windows = []
        for machine in [reserved, outside, Machines.booted(.hmemOnly)] {
            #expect(!fix(machine).isEmpty && !fix(machine).contains("--regions-from"), "\(fix(machine))")
        }
    }

    @Test("memory that is stuck: nothing but a reboot helps")
    func leaked() throws {
        let hazards = try Planner(machine: stuck(.deferring)).plan(Machines.hmem).hazards
        let live = hazards.filter { $0.id == .decodeUnderLiveMemory }
        #expect(!live.isEmpty && live.allSatisfy { $0.fix.hasPrefix("reboot") })
        let unbindable = try Planner(machine: stuck(.coordinated)).plan(Machines.cxl).hazards.filter {
            $0.id == .unbindable
        }
        #expect(unbindable.allSatisfy { $0.fix.hasPrefix("reboot") })
    }

    @Test("whether a region lies over the bytes is not known: neither is what is wanted")
    func unknownWish() throws {
        var machine = Machines.booted(.deferring)
        machine.memdevs = []
        machine.modules.loaded["dax_hmem"] = nil
        let planner = try Planner(machine: machine)
        let unmet = planner.unmet(Machines.cxl.want)
        #expect(
            !unmet.isEmpty && unmet.allSatisfy { $0.what.contains("possibly expected cxl: no decoders are visible") }
        )
        let plan = planner.plan(Machines.cxl)
        #expect(!plan.hazards.contains { $0.id == .wantUnmet })
        #expect(plan.recommendation == nil)
        let doubt = try #require(plan.hazards.first { $0.id == .nondeterministic })
        #expect(
            doubt.why.contains("the owner that policy cxl asks for")
                && doubt.why.contains("there is no CXL memory device")
        )
    }

    @Test("a kernel that honours locks does not ignore them: material without the attribute does not tell")
    func locks() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: nil)
        machine.decoders[0].locked = true
        let hazards = try Planner(machine: machine).plan(Machines.hmem).hazards
        let lost = try #require(hazards.first { $0.id == .regionLost })
        #expect(!lost.why.contains("lock-ignored") && lost.why.contains("not known"))
    }

    @Test("memory outside of every window gets no advice about CXL")
    func outside() throws {
        var machine = Machines.booted(.hmemOnly, ranges: [Machines.elsewhere])
        machine.windows = []
        let lost = try #require(findings(of: machine) { [] }.first { $0.id == .noOwner })
        #expect(!lost.fix.contains("cxl") && !lost.fix.contains("persist"))
        machine.daxDevices = [Machines.device(.hmem, Machines.elsewhere)]
        machine.driverFailures = [
            DriverFailure(
                kind: .reservation,
                subject: "dax0.0",
                errno: 16,
                line: "kmem dax0.0: could not reserve region"
            )
        ]
        let refused = try #require(findings(of: machine) { [] }.first { $0.id == .driverRefused })
        #expect(!refused.fix.contains("persist"))
    }

    @Test("nobody owns the bytes and no CXL driver is in: the fix loads them")
    func unloaded() throws {
        var machine = Machines.booted(.coordinated)
        machine.modules.loaded = [:]
        machine.windows[0].isLive = false
        machine.memdevs = []
        let lost = try #require(findings(of: machine) { [] }.first { $0.id == .noOwner })
        #expect(lost.fix.contains("modprobe -a cxl_acpi cxl_pci cxl_mem"))
    }
}
