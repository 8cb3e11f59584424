import Iomem
import Machine
import Testing

@testable import Ownership

/// What becomes of locked decoders, by kernel.
@Suite("Locks by kernel")
struct LockByKernelTests {
    private static let thereAndBack = Machines.toHmem + Machines.toCxl

    /// CXL owns a region without the attribute `locked`; its decoder says `locked`.
    private func machine(_ decoderIsLocked: Bool?, keeps: Bool?) -> MachineState {
        var machine = Machines.cxlOwned(.deferring, locked: nil)
        machine.kernel.keepsLockedDecoders = keeps
        machine.decoders[0].locked = decoderIsLocked
        return machine
    }

    private func plan(_ machine: MachineState) throws -> Plan {
        try Planner(machine: machine).predict(Self.thereAndBack)
    }

    @Test("up to 6.19 the lock is not heeded, and that is certain") func ignored() throws {
        let plan = try plan(machine(true, keeps: false))
        #expect(plan.owners(of: Machines.range) == [.none])
        #expect(plan.hazards.contains { $0.id == .regionLost && $0.why.contains("lock-ignored") })
    }

    @Test("7.0, or a kernel that may have its change: both outcomes are predicted") func unknown() throws {
        let plan = try plan(machine(true, keeps: nil))
        #expect(plan.owners(of: Machines.range) == [.cxl, .none])
        #expect(plan.prediction.missingFacts.contains { $0.contains("keeps locked decoders") })
        let lost = try #require(plan.hazards.first { $0.id == .regionLost })
        #expect(lost.why.contains("may reset") && lost.why.contains("lock-unknown"))
        #expect(
            !plan.hazards.contains { $0.why.contains("no CXL decoder maps it") }
        )
    }

    @Test("7.0: decoders that are not locked are reset, and that is certain") func unlocked() throws {
        #expect(try plan(machine(false, keeps: nil)).owners(of: Machines.range) == [.none])
    }

    @Test("7.0: a fixed window, or a locked decoder above the device's, may lock the region") func above() throws {
        var fixed = machine(false, keeps: nil)
        fixed.windows[0].isFixed = true
        #expect(try plan(fixed).owners(of: Machines.range) == [.cxl, .none])
        var root = machine(false, keeps: nil)
        root.decoders.append(
            Decoder(name: "decoder0.0", kind: .root, range: Machines.window, locked: true, region: nil)
        )
        #expect(try plan(root).owners(of: Machines.range) == [.cxl, .none])
    }

    @Test(
        "7.1 on: only the region's attribute counts; fixed windows, the lock bit and AMD's address translation set it",
        arguments: [true, false]
    )
    func attribute(locked: Bool) throws {
        var machine = Machines.cxlOwned(.coordinated, locked: locked)
        // A window of a fixed configuration does not lock the devices' decoders; a lock of theirs alone is not the region's.
        machine.decoders[0].locked = !locked
        let plan = try plan(machine)
        #expect(plan.owners(of: Machines.range) == [locked ? .cxl : .none])
    }

    @Test(
        "a CXL 1.1 device's decoder tells of no lock: up to 6.19 the region is lost, without an argument from its lock"
    )
    func emulated() throws {
        let plan = try plan(machine(nil, keeps: false))
        #expect(plan.owners(of: Machines.range) == [.none])
        let lost = try #require(plan.hazards.first { $0.id == .regionLost })
        #expect(!lost.why.contains("lock-ignored"))
        #expect(plan.hazards.contains { $0.id == .undecodedRange && $0.severity == .crash })
    }

    @Test("a decoder of size 0 covers nothing and locks nothing, whatever its lock says") func empty() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: false)
        machine.decoders.append(Decoder(name: "decoder2.1", kind: .endpoint, range: nil, locked: true, region: nil))
        #expect(machine.decodedBytes == [Machines.range])
        #expect(try plan(machine).owners(of: Machines.range) == [.none])
        #expect(!findings(of: machine) { [] }.contains { $0.severity != .notice })
    }

    @Test("decoders with addresses of the device's own: the region's bytes are decoded") func normalised() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.decoders[0].range = Machines.span(0, 0x2000_0000)
        machine.regions[0].daxDriver = "cxl_dax_region"
        #expect(!findings(of: machine) { [] }.contains { $0.id == .undecoded })
        let plan = try plan(machine)
        #expect(plan.owners(of: Machines.range) == [.cxl] && plan.hazards.isEmpty)
    }

    @Test("a type-2 region: no dax region by design, no finding") func accelerator() {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.regions[0].assembled = false
        machine.regions[0].daxDriver = nil
        machine.regions[0].isOfAccelerator = true
        machine.daxDevices = []
        #expect(findings(of: machine) { [] }.isEmpty)
    }
}

/// Kernels that have regions and no dax_cxl.
@Suite("Without dax_cxl")
struct WithoutDaxCxlTests {
    @Test(
        "CXL can't own memory: the plan says so in one sentence and does nothing",
        arguments: [Generation.deferring, .hmemOnly]
    )
    func refused(generation: Generation) throws {
        var machine = Machines.booted(generation, regions: [Machines.region(locked: nil)])
        machine.kernel.release = "5.14.0-611.el9"
        machine.modules.loaded["dax_cxl"] = nil
        machine.modules.dependencies = ["dax_hmem": [], "cxl_acpi": [], "cxl_pci": [], "cxl_mem": [], "kmem": []]
        machine.daxDevices = [Machines.device(.hmem, driver: "kmem")]
        machine.memory.blocks = [
            MemoryBlock(number: 186, range: Machines.span(0x5_d000_0000, 0x800_0000), isOnline: true, zone: "Normal")
        ]
        let plan = try Planner(machine: machine).plan(Machines.cxl)
        #expect(plan.steps.isEmpty && plan.verdict == .refused)
        #expect(plan.hazards.map(\.id) == [.wantUnmet])
        let hazard = try #require(plan.hazards.first)
        #expect(hazard.subject == "dax_cxl" && hazard.why.contains("has no dax_cxl"))
        #expect(plan.owners(of: Machines.range) == [.hmem])
    }

    @Test("from 7.1 on the region tells: material without its lock leaves it open, whatever its decoders are")
    func unread() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: nil)
        machine.regions[0].targets = ["decoder2.0"]
        machine.decoders = [
            Decoder(name: "decoder2.0", kind: .endpoint, range: Machines.range, locked: false, region: "region0")
        ]
        let lost = try #require(
            Planner(machine: machine).plan(Machines.hmem).hazards.first { $0.id == .regionLost }
        )
        #expect(lost.why.contains("may reset") && lost.why.contains("If they are reset"))
    }
}
