import Glibc
import Inspection
import Iomem
import LinuxSystem
import Machine
import Ownership
import Policy
import TestCaptures
import Testing

@testable import Reload

@Suite("A region made again on a recorded kernel")
struct RegionStepTests {
    /// 7.2.13 with a region by hand, whose decoders somebody has had reset: a boot of this kernel shows just this after
    /// `rmmod cxl_acpi` and `modprobe cxl_acpi`, and daxswitch remembers the region.
    static func kernel(_ scenario: String = "by-hand", _ moment: String = "02-region") throws -> RecordedKernel {
        let root = try TestCaptures.root(kernel: "7.2.13-lab", scenario: scenario, moment)
        let before = try Inspector(root: root.path).read()
        let kept = try #require(before.decodersToRemember(kept: nil))
        try #require(!kept.regions.isEmpty && kept.regions.allSatisfy { $0.layout != nil })
        let kernel = RecordedKernel(before)
        kernel.reinterpret { machine in
            machine.lostRegions = kept.regions
            let names = Set(machine.regions.map(\.name))
            machine.regions = []
            machine.daxDevices.removeAll { names.contains($0.through) }
            for place in machine.decoders.indices where machine.decoders[place].kind != .root {
                (machine.decoders[place].range, machine.decoders[place].region) = (nil, nil)
                machine.decoders[place].dpa = nil
            }
        }
        return kernel
    }

    private func restore(_ kernel: RecordedKernel, _ name: String = "region0") throws(ReloadError) {
        let settling = Settling(surfaces: kernel.surfaces, deadlines: Deadlines())
        try RegionSteps(surfaces: kernel.surfaces, settling: settling).restore(name, on: kernel.state)
    }

    @Test("each value in the order that the kernel needs, and the region lies where it was")
    func done() throws {
        let kernel = try Self.kernel()
        let lost = try #require(kernel.state.lostRegions.first)
        try restore(kernel)
        let region = try #require(kernel.state.regions.first)
        #expect(region.range == lost.range && region.committed && region.assembled)
        #expect(kernel.state.layouts(of: [region]).first == lost.layout)
        #expect(
            kernel.kept.last?.unfinishedRegion == nil && kernel.kept.contains { $0.unfinishedRegion?.name == "region0" }
        )
        let root = "/sys/bus/cxl/devices"
        #expect(
            kernel.writes == [
                "region0 > \(root)/decoder0.0/create_ram_region", "256 > \(root)/region0/interleave_granularity",
                "1 > \(root)/region0/interleave_ways", "ram > \(root)/decoder2.0/mode",
                "0x20000000 > \(root)/decoder2.0/dpa_size", "0x20000000 > \(root)/region0/size",
                "decoder2.0 > \(root)/region0/target0", "1 > \(root)/region0/commit",
                "region0 > /sys/bus/cxl/drivers/cxl_region/bind",
            ]
        )
    }

    /// Each write of the recreation, with the errnos that the kernel gives for it.
    static let refusals: [(MemoryAttribute, [Int32])] = [
        (.createRegion("decoder0.0"), [EBUSY, EINVAL, ENXIO, ENOMEM]),
        (.region("region0", .granularity), [EINVAL, EBUSY, ENXIO]),
        (.region("region0", .ways), [EINVAL, EBUSY, ENXIO]),
        (.endpointDecoder("decoder2.0", .mode), [EINVAL, EBUSY]),
        (.endpointDecoder("decoder2.0", .dpaSize), [EBUSY, EINVAL, ENOSPC, ENXIO]),
        (.region("region0", .size), [ENXIO, EINVAL, ERANGE, EBUSY, ENOMEM]),
        (.region("region0", .target(0)), [ENODEV, EINVAL, ENXIO, EBUSY]),
        (.region("region0", .commit), [ENXIO, EBUSY, EIO]),
        (.regionDriver(.bind), [ENXIO, ENODEV]),
    ]

    @Test("a write that the kernel refuses leaves no region and no bytes of the device in use", arguments: refusals)
    func refused(attribute: MemoryAttribute, numbers: [Int32]) throws {
        for number in numbers {
            let kernel = try Self.kernel()
            kernel.refusals[attribute] = Array(repeating: number, count: 8)
            let failure = #expect(throws: ReloadError.self, "\(attribute.path)") { try restore(kernel) }
            #expect(failure?.code == .stepFailed, "\(attribute.path)")
            #expect(kernel.state.regions.isEmpty && kernel.regions.dpa.isEmpty, "\(attribute.path) \(number)")
            #expect(kernel.state.decoders.allSatisfy { $0.kind == .root || $0.range == nil })
            #expect(kernel.kept.last?.unfinishedRegion == nil)
            kernel.refusals = [:]
            try restore(kernel)
            #expect(kernel.state.regions.first?.committed == true, "\(attribute.path) \(number), done again")
        }
    }

    @Test("a region that the kernel places elsewhere is deleted")
    func elsewhere() throws {
        let kernel = try Self.kernel()
        let lost = try #require(kernel.state.lostRegions.first)
        kernel.regions.place = lost.range.start + 0x2000_0000
        let failure = #expect(throws: ReloadError.self) { try restore(kernel) }
        #expect(failure?.description.contains("elsewhere") == true)
        #expect(kernel.state.regions.isEmpty && kernel.regions.dpa.isEmpty)
    }

    @Test("cut off behind any of its writes, it is finished by the same step", arguments: 1...9)
    func cutOff(behind count: Int) throws {
        let kernel = try Self.kernel()
        var written = 0
        var image: (MachineState, RegionsOfRecording, Int)?
        kernel.onWrite = { _, machine in
            written += 1
            if written == count { image = (machine, kernel.regions, kernel.kept.count) }
        }
        try restore(kernel)
        kernel.onWrite = nil
        // As the machine was when the process was killed, and what it had written down by then.
        let (machine, regions, facts) = try #require(image)
        let killed = RecordedKernel(machine)
        killed.regions = regions
        for kept in kernel.kept.prefix(facts) { try killed.keep(kept) }
        killed.reinterpret { $0.unfinishedRegion = killed.kept.last?.unfinishedRegion }
        try restore(killed)
        #expect(killed.state.regions.count == 1)
        let region = try #require(killed.state.regions.first)
        #expect(region.committed && region.assembled && region.range == kernel.state.regions.first?.range)
    }

    @Test(
        "apply cxl makes it again, and dax_cxl has it: verified",
        arguments: [("by-hand", "04-dax_cxl-first"), ("interleaved", "03-dax_cxl-first")]
    )
    func applied(scenario: String, moment: String) throws {
        let kernel = try Self.kernel(scenario, moment)
        let lost = try #require(kernel.state.lostRegions.first)
        let policy = try PolicyLibrary(folders: []).find("cxl").policy
        let plan = try Planner(machine: kernel.state).plan(policy)
        #expect(plan.steps == [.restoreRegion("region0", lost.range)] && plan.hazards.isEmpty)
        let faulty = FaultySurfaces(kernel)
        guard case .done(let machine) = Executor(faulty.surfaces).run(plan, accepting: []) else {
            Issue.record("it was not done")
            return
        }
        #expect(machine.regions.first?.range == lost.range)
        #expect(machine.daxDevices.contains { $0.owner == .cxl && $0.ranges == [lost.range] })
    }

    @Test("a run that is killed within the step is finished by recover: no half of a region stays", arguments: 1...7)
    func killed(behind count: Int) throws {
        let lost = try #require(Self.kernel("by-hand", "04-dax_cxl-first").state.lostRegions.first)
        let (kernel, fresh, run) = try leaving(killedBehind: count)
        #expect(kernel.state.regions.allSatisfy { !$0.committed })
        let recovery = try Planner(machine: kernel.read(), overrides: run.overrides).recovery(of: run.interruption)
        guard case .finish = recovery else {
            Issue.record("\(recovery)")
            return
        }
        _ = Executor(fresh.surfaces).recover(run, by: recovery)
        #expect(kernel.state.regions.map(\.range) == [lost.range] && kernel.state.regions.allSatisfy(\.committed))
        #expect(kernel.kept.last?.unfinishedRegion == nil)
    }

    /// A run of `apply cxl` that is killed behind a write; what it leaves, and the run as its journal has it.
    private func leaving(killedBehind count: Int) throws -> (RecordedKernel, FaultySurfaces, UnfinishedRun) {
        let kernel = try Self.kernel("by-hand", "04-dax_cxl-first")
        let plan = try Planner(machine: kernel.state).plan(PolicyLibrary(folders: []).find("cxl").policy)
        let faulty = FaultySurfaces(kernel)
        let probe = FaultySurfaces(try Self.kernel("by-hand", "04-dax_cxl-first"))
        _ = Executor(probe.surfaces).run(plan, accepting: [])
        let writes = probe.calls.enumerated().filter { $0.element == "write" }
        faulty.fault = (writes[count - 1].offset, .killed(afterEffect: true))
        _ = Executor(faulty.surfaces).run(plan, accepting: [])
        let fresh = FaultySurfaces(kernel, journal: faulty.journal)
        let run = try #require(try UnfinishedRun.find(fresh, bootID: kernel.state.kernel.bootID))
        return (kernel, fresh, run)
    }

    @Test("recover --undo deletes what a killed run has begun: no region, no bytes of a device", arguments: 1...7)
    func undone(behind count: Int) throws {
        let (kernel, fresh, run) = try leaving(killedBehind: count)
        let recovery = try Planner(machine: kernel.read(), overrides: run.overrides)
            .recovery(of: run.interruption, undoing: true)
        guard case .undo(let plan) = recovery else {
            Issue.record("\(recovery)")
            return
        }
        #expect(plan.steps.allSatisfy { $0.verb != .restoreRegion })
        guard case .undone(let machine, nil) = Executor(fresh.surfaces).recover(run, by: recovery) else {
            Issue.record("it was not undone")
            return
        }
        #expect(machine.regions.isEmpty && kernel.regions.dpa.isEmpty)
        #expect(machine.unfinishedRegion == nil && kernel.kept.last?.unfinishedRegion == nil)
    }

    @Test("recover --undo of a region that is committed by then points to recover, which finishes it")
    func committed() throws {
        let (kernel, _, run) = try leaving(killedBehind: 8)
        let planner = try Planner(machine: kernel.read(), overrides: run.overrides)
        guard case .stuck(let why, _) = planner.recovery(of: run.interruption, undoing: true) else {
            Issue.record("it is not stuck")
            return
        }
        #expect(why.hasSuffix("`daxswitch recover` without --undo finishes the run"))
    }

    @Test(
        "where the way back is refused too, the run stays open, and recover finishes or undoes it",
        arguments: [
            (MemoryAttribute.deleteRegion("decoder0.0"), false), (.deleteRegion("decoder0.0"), true),
            (.endpointDecoder("decoder2.0", .dpaSize), false), (.endpointDecoder("decoder2.0", .dpaSize), true),
        ]
    )
    func wayBackRefused(attribute: MemoryAttribute, undoing: Bool) throws {
        let kernel = try Self.kernel("by-hand", "04-dax_cxl-first")
        let lost = try #require(kernel.state.lostRegions.first)
        let plan = try Planner(machine: kernel.state).plan(PolicyLibrary(folders: []).find("cxl").policy)
        kernel.refusals[.region("region0", .commit)] = [EIO]
        kernel.onWrite = { written, _ in
            // The bytes of the device are taken by then.
            if written == .region("region0", .size) { kernel.refusals[attribute] = Array(repeating: EBUSY, count: 16) }
        }
        let faulty = FaultySurfaces(kernel)
        guard case .stopped(let error, _) = Executor(faulty.surfaces).run(plan, accepting: []) else {
            Issue.record("it was not stopped")
            return
        }
        #expect(error.description.contains("commit does not take 1"), "\(error)")
        #expect(kernel.kept.last?.unfinishedRegion?.name == "region0")
        (kernel.onWrite, kernel.refusals) = (nil, [:])
        let run = try #require(try UnfinishedRun.find(faulty, bootID: kernel.state.kernel.bootID))
        let recovery = try Planner(machine: kernel.read(), overrides: run.overrides)
            .recovery(of: run.interruption, undoing: undoing)
        _ = Executor(faulty.surfaces).recover(run, by: recovery)
        if undoing {
            #expect(kernel.state.regions.isEmpty && kernel.regions.dpa.isEmpty)
        } else {
            #expect(kernel.state.regions.map(\.range) == [lost.range] && kernel.state.regions.allSatisfy(\.committed))
        }
        #expect(kernel.kept.last?.unfinishedRegion == nil)
    }

    @Test("if another process takes the name of the next region, the one that the kernel has then is taken")
    func nameTaken() throws {
        let kernel = try Self.kernel()
        kernel.refusals[.createRegion("decoder0.0")] = [EBUSY]
        kernel.onWait = { kernel, _ in
            kernel.onWait = nil
            kernel.reinterpret { machine in
                machine.regions.append(
                    Region(
                        name: "region0",
                        range: nil,
                        mode: "ram",
                        committed: false,
                        locked: false,
                        assembled: false,
                        daxDriver: nil,
                        targets: []
                    )
                )
            }
        }
        try restore(kernel)
        #expect(kernel.state.regions.filter(\.committed).map(\.name) == ["region1"])
        #expect(kernel.state.regions.contains { $0.name == "region0" }, "the other process's region stays")
    }

    @Test("a region that only an earlier capture knows is created too, with --regions-from") func fromCapture() throws {
        let kernel = try Self.kernel("by-hand", "04-dax_cxl-first")
        let layout = try #require(kernel.state.lostRegions.first?.layout)
        kernel.reinterpret { $0.lostRegions = [] }
        let policy = try PolicyLibrary(folders: []).find("cxl").policy
        let overrides = Overrides(regions: EarlierRegions(file: "earlier.tgz", layouts: [layout]))
        let plan = try Planner(machine: kernel.state, overrides: overrides).plan(policy)
        #expect(plan.steps == [.restoreRegion("region0", layout.range)])
        guard case .done(let machine) = Executor(FaultySurfaces(kernel).surfaces).run(plan, accepting: []) else {
            Issue.record("it was not done")
            return
        }
        #expect(machine.regions.first?.range == layout.range && machine.regions.first?.committed == true)
        #expect(kernel.kept.contains { $0.decoders?.regions.first?.layout == layout })
    }

    /// What another process has given to a decoder, as `cxl reserve-dpa` does.
    private func reserve(_ decoder: String, _ size: String, on kernel: RecordedKernel) throws {
        try kernel.write("ram", to: .endpointDecoder(decoder, .mode)) { true }
        try kernel.write(size, to: .endpointDecoder(decoder, .dpaSize)) { true }
    }

    @Test(
        "bytes that another process has reserved behind those of a region that was begun hold recover up, and stay with it",
        arguments: [true, false]
    )
    func reservedBehind(undoing: Bool) throws {
        let (kernel, fresh, run) = try leaving(killedBehind: 5)
        let ours = AddressRange(start: 0, size: 0x2000_0000)
        try reserve("decoder2.1", "0x10000000", on: kernel)
        let theirs = AddressRange(start: 0x2000_0000, size: 0x1000_0000)
        #expect(kernel.regions.dpa == ["decoder2.0": ours, "decoder2.1": theirs])
        let held = try Planner(machine: kernel.read(), overrides: run.overrides)
            .recovery(of: run.interruption, undoing: undoing)
        guard case .stuck(let why, _) = held else {
            Issue.record("\(held)")
            return
        }
        #expect(why.contains("`cxl free-dpa -d decoder2.1 "), "\(why)")
        #expect(throws: ReloadError.self) {
            try RegionSteps(
                surfaces: kernel.surfaces,
                settling: Settling(surfaces: kernel.surfaces, deadlines: Deadlines())
            )
            .deleteUnfinished(on: kernel.read())
        }
        #expect(kernel.regions.dpa == ["decoder2.0": ours, "decoder2.1": theirs])
        // Once they are free, it goes on.
        try kernel.write("0", to: .endpointDecoder("decoder2.1", .dpaSize)) { true }
        let recovery = try Planner(machine: kernel.read(), overrides: run.overrides)
            .recovery(of: run.interruption, undoing: undoing)
        _ = Executor(fresh.surfaces).recover(run, by: recovery)
        #expect(kernel.regions.dpa.isEmpty == undoing && kernel.kept.last?.unfinishedRegion == nil)
    }

    @Test("a run that was killed before it took bytes: those that its decoder has by then are another process's")
    func reservedInstead() throws {
        let (kernel, _, _) = try leaving(killedBehind: 1)
        kernel.reinterpret { $0.regions = [] }
        try reserve("decoder2.0", "0x10000000", on: kernel)
        #expect(try kernel.read().unfinishedRegion == nil)
        try RegionSteps(
            surfaces: kernel.surfaces,
            settling: Settling(surfaces: kernel.surfaces, deadlines: Deadlines())
        )
        .deleteUnfinished(on: kernel.read())
        #expect(kernel.regions.dpa["decoder2.0"]?.size == 0x1000_0000)
    }

    @Test(
        "killed before the kernel had made anything: recover forgets the name, which may be another program's next",
        arguments: [true, false]
    )
    func nothingBegun(undoing: Bool) throws {
        let (kernel, fresh, run) = try leaving(killedBehind: 1)
        kernel.reinterpret { $0.regions = [] }
        #expect(kernel.kept.last?.unfinishedRegion?.name == "region0")
        let recovery = try Planner(machine: kernel.read(), overrides: run.overrides)
            .recovery(of: run.interruption, undoing: undoing)
        _ = Executor(fresh.surfaces).recover(run, by: recovery)
        #expect(kernel.kept.last?.unfinishedRegion == nil)
    }

    @Test("the decoders of a region that is begun are noted by the device and their place") func notedParts() throws {
        let kernel = try Self.kernel()
        let layout = try #require(kernel.state.lostRegions.first?.layout)
        let target = try #require(layout.targets.first)
        try restore(kernel)
        let noted = kernel.kept.compactMap { $0.unfinishedRegion }.first
        let part = UnfinishedRegion.Part(device: try #require(target.device), decoder: 0, size: 0x2000_0000)
        #expect(noted == UnfinishedRegion(name: "region0", parts: [part]))
    }
}
