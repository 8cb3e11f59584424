import Glibc
import Inspection
import Iomem
import Kmod
import LinuxSystem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Reload

@Suite("Memory goes offline and comes back, on a recorded kernel")
struct MemoryStepTests {
    /// 512 MiB of region0 online in ZONE_MOVABLE, four blocks.
    private func kernel(_ release: String) throws -> RecordedKernel {
        let root = try TestCaptures.root(kernel: release, scenario: "auto-kmem", "kmem-movable")
        return RecordedKernel(try Inspector(root: root.path).read())
    }

    private func steps(_ kernel: RecordedKernel, _ report: @escaping (Progress) -> Void = { _ in }) -> MemorySteps {
        MemorySteps(
            surfaces: kernel.surfaces,
            settling: Settling(surfaces: kernel.surfaces, deadlines: Deadlines()),
            report: report
        )
    }

    private func range(_ kernel: RecordedKernel) throws -> AddressRange {
        try #require(kernel.state.daxDevices.first?.ranges.first)
    }

    private func offline(_ kernel: RecordedKernel) throws -> ReloadError? {
        let range = try range(kernel)
        do throws(ReloadError) {
            try steps(kernel).offline(range, on: kernel.state)
            return nil
        } catch {
            return error
        }
    }

    @Test("6.12: block by block from the top, then kmem is taken off")
    func blockByBlock() throws {
        let kernel = try kernel("6.12.107")
        let range = try range(kernel)
        var seen: [UInt64] = []
        try steps(kernel) { progress in
            if case .offlining(let done, let total, _) = progress, total == range.size { seen.append(done) }
        }.offline(range, on: kernel.state)
        let memory = "/sys/devices/system/memory"
        #expect(
            kernel.writes
                == (186...189).reversed().map { "offline > \(memory)/memory\($0)/state" }
                + ["dax0.0 > /sys/bus/dax/drivers/kmem/unbind"]
        )
        #expect(seen == [1, 2, 3, 4].map { $0 << 27 })
        #expect(kernel.state.stillOnline(in: range) == nil)
    }

    @Test("7.3: the device's own attribute takes all blocks or none")
    func wholeDevice() throws {
        let kernel = try kernel("7.3.4")
        #expect(try offline(kernel) == nil)
        #expect(
            kernel.writes == [
                "unplugged > /sys/bus/dax/devices/dax0.0/state", "dax0.0 > /sys/bus/dax/drivers/kmem/unbind",
            ]
        )
    }

    @Test("EBUSY on any one block of four: every block is online again in its zone", arguments: 186...189)
    func busy(block: Int) throws {
        let kernel = try kernel("6.12.107")
        let before = kernel.state
        kernel.refusals[.block(block)] = [Int32](repeating: EBUSY, count: 9)
        let error = try #require(try offline(kernel))
        #expect(error.code == .stepFailed)
        #expect(error.message.contains("memory\(block)/state"))
        kernel.refusals = [:]
        #expect(kernel.state.memory == before.memory)
        #expect(kernel.state.daxDevices == before.daxDevices)
    }

    @Test(
        "each write in turn, each answer that a kernel can give: all is offline, or all is as it was",
        arguments: ["6.12.107", "7.3.4"],
        [EPERM, EACCES, ENOENT, ENODEV, ENXIO, EINVAL, EIO, ENOMEM, EINTR, EAGAIN, EBUSY]
    )
    func everyAnswer(release: String, number: Int32) throws {
        let attributes =
            release.hasPrefix("6.")
            ? (186...189).map { MemoryAttribute.block($0) } : [.device("dax0.0")]
        for attribute in attributes + [.driver("kmem", .unbind)] {
            let kernel = try kernel(release)
            let before = kernel.state
            // What does not pass stays so; an answer to a single write is in others of these tests.
            kernel.refusals[attribute] = [Int32](repeating: number, count: number == EBUSY ? 4 : 1)
            let error = try offline(kernel)
            let place: Comment = "\(attribute.path): \(ErrorNumber(number))"
            if error == nil {
                #expect(kernel.state.stillOnline(in: try range(kernel)) == nil, place)
                #expect(kernel.state.daxDevices.allSatisfy { $0.driver == nil }, place)
            } else {
                #expect(kernel.state.memory == before.memory, place)
                #expect(kernel.state.daxDevices.map(\.driver) == before.daxDevices.map(\.driver), place)
            }
        }
    }

    @Test(
        "a block that others put online again while the rest goes: kmem stays, and all is as it was",
        arguments: 187...189
    )
    func onlinedByOthers(block: Int) throws {
        let kernel = try kernel("6.12.107")
        let before = kernel.state
        kernel.onWrite = { attribute, machine in
            guard attribute == .block(186) else { return }
            guard let index = machine.memory.blocks.firstIndex(where: { $0.number == block }) else { return }
            machine.memory.blocks[index].isOnline = true
            machine.memory.blocks[index].zone = "Normal"
            kernel.onWrite = nil
        }
        let error = try #require(try offline(kernel))
        #expect(error.code == .stepFailed && error.message.contains("memory\(block) is online again"))
        #expect(!kernel.writes.contains { $0.hasSuffix("/unbind") })
        #expect(kernel.state.memory == before.memory)
        #expect(kernel.state.daxDevices == before.daxDevices)
    }

    @Test("EBUSY that passes, and EAGAIN however often, are tried again")
    func retried() throws {
        let kernel = try kernel("6.12.107")
        kernel.refusals[.block(187)] = [EBUSY, EBUSY]
        kernel.refusals[.block(186)] = [Int32](repeating: EAGAIN, count: 20)
        #expect(try offline(kernel) == nil)
        #expect(kernel.state.memory.blocks.isEmpty)
    }

    @Test("a block that does not go within the limit is given up, and all come back")
    func deadline() throws {
        let kernel = try kernel("6.12.107")
        let before = kernel.state
        kernel.refusals[.block(188)] = [EINTR]
        let error = try #require(try offline(kernel))
        #expect(error.message.contains("60 s"))
        #expect(kernel.now >= .seconds(60) && kernel.now < .seconds(70))
        #expect(kernel.state.memory == before.memory)
    }

    @Test("a block that vanishes is not online either")
    func vanished() throws {
        let kernel = try kernel("6.12.107")
        kernel.refusals[.block(187)] = [ENODEV]
        #expect(try offline(kernel) == nil)
    }

    @Test("without the right to write, nothing is offline")
    func forbidden() throws {
        let kernel = try kernel("6.12.107")
        kernel.refusals[.block(189)] = [EACCES]
        #expect(try offline(kernel)?.code == .notPermitted)
        #expect(kernel.writes.isEmpty)
    }

    @Test("a bound device without blocks is bound again, and its blocks go online in the zone")
    func unpluggedBefore() throws {
        let kernel = try kernel("7.3.4")
        let before = kernel.state
        let range = try range(kernel)
        try kernel.write("unplugged", to: .device("dax0.0"), while: { true })
        try steps(kernel).restore(.systemRAM(.movable), over: range, on: before)
        #expect(kernel.state.memory.blocks == before.memory.blocks)
    }

    @Test("memory that came back in another zone goes to the one it had")
    func otherZone() throws {
        let kernel = try kernel("6.12.107")
        let range = try range(kernel)
        try kernel.write("online_kernel", to: .block(187), while: { true })
        #expect(kernel.state.missing(of: .systemRAM(.movable), over: range) == "memory187 is in zone Normal")
        try steps(kernel).restore(.systemRAM(.movable), over: range, on: kernel.state)
        #expect(kernel.state.missing(of: .systemRAM(.movable), over: range) == nil)
    }

    @Test("devdax: kmem gives the device up, and device_dax forgets its name once it has it")
    func devdax() throws {
        let kernel = try kernel("6.12.107")
        let range = try range(kernel)
        try steps(kernel).restore(.devdax, over: range, on: kernel.state)
        #expect(kernel.state.missing(of: .devdax, over: range) == nil)
        #expect(kernel.writes.suffix(2).map { $0.split(separator: "/").last } == ["new_id", "remove_id"])
        #expect(kernel.state.usesToRestore(over: range) == [.restoreUse(range, .devdax)])
    }

    @Test(
        "SIGTERM does not stop the way back, also not one on which memory goes offline",
        arguments: [MemoryUse.devdax, .idle]
    )
    func signalOnWayBack(use: MemoryUse) throws {
        let kernel = try kernel("6.12.107")
        let range = try range(kernel)
        let online = kernel.state
        try steps(kernel).restore(use, over: range, on: online)
        var original = OwnershipGoal(of: kernel.state)
        // What udev may load by then is beside the point.
        original.modules = [:]
        kernel.reinterpret { $0 = online }
        kernel.pending = "SIGTERM"
        let state = StateDirectory(root: TestCaptures.newDirectory())
        let surfaces = kernel.surfaces(state)
        try surfaces.journal.begin([])
        let runner = StepRunner(
            surfaces: surfaces,
            settling: Settling(surfaces: surfaces, deadlines: Deadlines()),
            probeWasDone: true,
            overrides: Overrides(),
            accepted: [],
            report: { _ in }
        )
        let target = OwnershipGoal(of: online)
        try JournaledRun(runner: runner, journal: Journal(surfaces.journal), target: target, original: original)
            .rollBack([.restoreUse(range, use)])
        #expect(kernel.state.missing(of: use, over: range) == nil)
    }

    @Test("a device that is gone is named by its bytes")
    func noDevice() throws {
        let kernel = try kernel("6.12.107")
        let range = try range(kernel)
        kernel.interference = { _, machine in machine.daxDevices = [] }
        try kernel.insert("kmem", isHeld: false)
        #expect(throws: ReloadError(.stepFailed, "no dax device covers \(range)")) {
            try steps(kernel).restore(.systemRAM(.movable), over: range, on: kernel.state)
        }
    }
}
