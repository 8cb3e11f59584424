import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("What kmem takes, and what follows from it")
struct KmemTests {
    private static let line = "System RAM (kmem)"

    /// A host on which dax_hmem owns a range and kmem is not loaded.
    private func owned(
        _ range: AddressRange = Machines.elsewhere,
        _ generation: Generation = .coordinated,
        blockSize: UInt64 = 0x800_0000
    ) -> MachineState {
        var machine = Machines.booted(generation, ranges: [range])
        machine.modules.loaded["dax_cxl"] = nil
        machine.daxDevices = [Machines.device(.hmem, range)]
        machine.memory.blockSize = blockSize
        return machine
    }

    private func lines(_ plan: Plan, _ name: String, isCertain: Bool = true) -> [AddressRange] {
        plan.prediction.iomem.filter { $0.name == name && $0.isCertain == isCertain }.map(\.range)
    }

    @Test("whole memory blocks, and no others")
    func blocks() throws {
        let odd = Machines.span(0x1020_0000, 0x1fc0_0000)
        let blocks = Machines.span(0x1800_0000, 0x1000_0000)
        let plan = try Planner(machine: owned(odd)).predict([.load("kmem")])
        #expect(lines(plan, "daxN.M") == [blocks] && lines(plan, Self.line) == [blocks])
        let large = try Planner(machine: owned(blockSize: 2 << 30)).predict([.load("kmem")])
        #expect(lines(large, "daxN.M").isEmpty && lines(large, Self.line).isEmpty)
    }

    @Test("a kernel that puts new memory online does so at once: the next removal leaves it behind")
    func online() throws {
        var machine = owned(Machines.range)
        machine.windows[0].isLive = false
        for name in ["cxl_acpi"] { machine.modules.loaded[name] = nil }
        let steps: [Step] = [.load("kmem"), .unload("dax_hmem")]
        machine.memory.autoOnline = "offline"
        #expect(try Planner(machine: machine).predict(steps).hazardIDs.isEmpty == false)
        #expect(try !Planner(machine: machine).predict(steps).hazardIDs.contains(.memoryOnline))
        for policy in ["online", "online_movable", "online_kernel"] {
            machine.memory.autoOnline = policy
            let plan = try Planner(machine: machine).predict(steps)
            #expect(plan.hazardIDs.contains(.memoryOnline))
            #expect(lines(plan, Self.line) == [Machines.range], "it is in iomem until a reboot")
        }
    }

    @Test("without dax_cxl: old kernels leave the device alone, later ones give it to kmem")
    func withoutDaxCxl() throws {
        var machine = owned(Machines.elsewhere, .hmemOnly)
        machine.kernel.showsSoftReserved = true
        #expect(try lines(Planner(machine: machine).predict([.load("kmem")]), Self.line).isEmpty)
        machine.kernel.showsSoftReserved = false
        #expect(try lines(Planner(machine: machine).predict([.load("kmem")]), Self.line) == [Machines.elsewhere])
    }
}

@Suite("Which driver keeps which out")
struct ExclusionTests {
    private func hosting(_ generation: Generation, _ devices: [DaxDevice]) -> MachineState {
        var machine = Machines.booted(generation, regions: [Machines.region(locked: false)])
        machine.modules.loaded["dax_cxl"] = nil
        machine.daxDevices = devices
        return machine
    }

    @Test(
        "a dax region keeps all its bytes, whatever its devices have of them",
        arguments: [[Machines.range.start: 0], [Machines.range.start: 0x1000_0000]]
    )
    func wholeRegion(_ device: [UInt64: UInt64]) throws {
        let (start, size) = try #require(device.first)
        var hmem = Machines.device(.hmem)
        hmem.ranges = AddressRange(start: start, size: size).map { [$0] } ?? []
        hmem.regionStart = hmem.ranges.isEmpty ? start : nil
        let half = Machines.span(Machines.range.start + 0x1000_0000, 0x1000_0000)
        let later = try Planner(machine: hosting(.coordinated, [hmem])).predict([.load("dax_cxl")])
        #expect(later.owners(of: half) == [.none])
        let earlier = try Planner(machine: hosting(.deferring, [hmem])).predict([.load("dax_cxl")])
        #expect(earlier.owners(of: half) == [.cxl], "before 7.1 nobody keeps anybody out")
    }

    @Test("unfixed: where no region lies, nobody races with dax_hmem")
    func unfixed() throws {
        var machine = Machines.booted(.unfixed)
        machine.modules.loaded["dax_hmem"] = nil
        machine.modules.loaded["dax_cxl"] = nil
        let plan = try Planner(machine: machine).predict([.load("dax_hmem"), .load("dax_cxl")])
        #expect(plan.owners(of: Machines.range) == [.hmem])
        machine.regions = [Machines.region(locked: false)]
        let race = try Planner(machine: machine).predict([.load("dax_hmem"), .load("dax_cxl")])
        #expect(race.owners(of: Machines.range) == [.hmem, .cxl])
    }

    @Test("a kernel without a helper loads nothing; whether it has one after a release is not known")
    func helper() throws {
        var machine = Machines.booted(.coordinated)
        machine.modules.loaded = [:]
        machine.windows[0].isLive = false
        machine.kernel.hasModuleHelper = false
        let without = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(without.owners(of: Machines.range) == [.hmem] && without.prediction.missingFacts.isEmpty)
        let released = try Planner(machine: machine).predict([.release, .load("dax_hmem")])
        #expect(released.owners(of: Machines.range) == [.hmem, .none])
        #expect(released.prediction.missingFacts.contains { $0.contains("/proc/sys/kernel/modprobe") })
    }

    @Test("the hold keeps cxl_acpi out, and nothing else")
    func held() throws {
        var machine = Machines.booted(.coordinated)
        machine.modules.loaded = [:]
        machine.windows[0].isLive = false
        let plan = try Planner(machine: machine).predict([.hold, .load("dax_hmem")])
        #expect(plan.prediction.modules["cxl_acpi"] == [.absent])
        #expect(plan.prediction.modules["cxl_pci"] == [.absent, .live])
        machine.kernel.hasModuleHelper = false
        let alone = try Planner(machine: machine).predict([.hold, .load("dax_hmem")])
        #expect(alone.prediction.modules["cxl_pci"] == [.absent])
    }
}
