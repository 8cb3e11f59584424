import Foundation
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("Memory that no decoder may answer for")
struct UndecodedTests {
    private func plan(_ policy: Policy, _ kernel: String, _ scenario: String, _ moment: String) throws -> Plan {
        let root = try TestCaptures.root(kernel: kernel, scenario: scenario, moment)
        return try Planner(machine: Inspector(root: root.path).read()).plan(policy)
    }

    /// `cxl_acpi` is not loaded and nobody has the range; nothing is remembered.
    private func withoutAcpi(_ generation: Generation) -> MachineState {
        var machine = Machines.booted(generation)
        machine.windows[0].isLive = false
        for module in ["cxl_acpi", "dax_cxl", "dax_hmem"] { machine.modules.loaded[module] = nil }
        return machine
    }

    private func hazards(_ machine: MachineState) throws -> [Hazard] {
        try Planner(machine: machine).plan(Machines.hmem).hazards
    }

    @Test(
        "somebody has removed cxl_acpi, and with it the decoders of an unlocked region: dax_hmem is not let at the memory",
        arguments: ["6.12.107", "7.3.4"]
    )
    func removedByHand(kernel: String) throws {
        for moment in ["acpi-out", "hmem-out"] {
            let plan = try plan(Machines.hmem, kernel, "auto-acpi-out", moment)
            let hazard = try #require(plan.hazards.first { $0.id == .undecodedRange }, "\(moment)")
            #expect(hazard.severity == .crash && hazard.subject == "\(Machines.range)")
            #expect(hazard.why.contains("cxl_acpi is not loaded. The kernel log has \"host supports CXL\""))
            #expect(hazard.fix.contains("modprobe -a cxl_acpi cxl_pci cxl_mem"))
        }
    }

    @Test(
        "module_blacklist=cxl-acpi keeps nothing out: the decoders may be reset, and dax_hmem is not let at the memory"
    )
    func barredWithDash() throws {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-acpi-out", "acpi-out"))
        let line = try String(contentsOf: copy.url("/proc/cmdline"), encoding: .utf8).dropLast()
        try "\(line) module_blacklist=cxl-acpi\n".write(
            to: copy.url("/proc/cmdline"),
            atomically: false,
            encoding: .utf8
        )
        let plan = try Planner(machine: Inspector(root: copy.path).read()).plan(Machines.hmem)
        #expect(plan.hazards.map(\.id).contains(.undecodedRange))
    }

    @Test("cxl_acpi has been kept out since the boot: the decoders are the firmware's")
    func keptOut() throws {
        for kernel in ["6.12.107", "7.3.4"] {
            let plan = try plan(Machines.hmem, kernel, "auto-reload", "boot")
            #expect(plan.steps.last == .load("dax_hmem") && plan.hazards.isEmpty, "\(kernel)")
        }
    }

    @Test("6.1 resets no decoder of ram, though it shows none: dax_hmem gets the range back")
    func old() throws {
        let plan = try plan(Machines.hmem, "6.1.0-50-lab", "interleaved", "dax-out")
        #expect(plan.hazards.isEmpty && plan.prediction.isCertain)
    }

    @Test("what proves that the bytes are decoded: a window whose regions are locked, where locks count; memory online")
    func proofs() throws {
        for generation in [Generation.deferring, .coordinated] {
            var machine = withoutAcpi(generation)
            #expect(try hazards(machine).map(\.id) == [.undecodedRange])
            machine.windows[0].isFixed = true
            #expect(try hazards(machine).isEmpty == (generation == .coordinated))
            machine.windows[0].isFixed = false
            machine.decoderHistory.value = .asAtBoot
            #expect(try hazards(machine).isEmpty)
        }
        var machine = withoutAcpi(.coordinated)
        machine.memory.blocks = [MemoryBlock(number: 186, range: Machines.range, isOnline: true, zone: "Movable")]
        #expect(try hazards(machine).allSatisfy { $0.id != .undecodedRange })
    }

    @Test("a committed region is decoded, whatever address its decoders show; without a memory device nothing is known")
    func translated() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.decoders = machine.decoders.map { decoder in
            var decoder = decoder
            decoder.range = Machines.span(0, Machines.range.size)
            return decoder
        }
        #expect(try hazards(machine).isEmpty && NextBoot(of: machine).hazards(of: .hmem).isEmpty)
        machine.decoders = []
        machine.regions = []
        machine.daxDevices = []
        machine.memdevs = []
        #expect(NextBoot(of: machine).hazards(of: .hmem).isEmpty)
        #expect(try hazards(machine).first?.why.contains("there is no CXL memory device") == true)
    }

    @Test("one device of two has no endpoint: only bytes beside the decoders that are seen are in doubt")
    func oneUnseen() throws {
        var machine = Machines.booted(.coordinated, decoded: [Machines.range])
        machine.memdevs = [Memdev(name: "mem0", hasEndpoint: true), Memdev(name: "mem1", hasEndpoint: false)]
        #expect(try hazards(machine).isEmpty)
        machine.decoders = []
        let hazard = try #require(try hazards(machine).first { $0.id == .undecodedRange })
        #expect(hazard.why.contains("mem1 has no endpoint") && hazard.fix.contains("persist hmem"))
    }
}
