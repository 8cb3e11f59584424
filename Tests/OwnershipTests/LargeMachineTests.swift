import Glibc
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

/// A machine with ten times the ranges takes about twelve times the processor time where all work is O(n log n), and a hundred
/// times it where a step looks at all pairs. Where dax_hmem owns all, the plan for CXL has two steps for each range.
@Suite("Large machines", .serialized)
struct LargeMachineTests {
    @Test(
        "findings, a plan and its comparison with the machine take no time that grows with the square of its ranges",
        arguments: [Owner.cxl, .hmem, .none]
    )
    func growth(_ owner: Owner) throws {
        let small = try time(of: Self.machine(200, owner))
        let large = try time(of: Self.machine(2_000, owner))
        #expect(large < 40 * small, "\(small) s for 200 ranges, \(large) s for 2,000")
    }

    @Test("the blocks of a range are those that share a byte with it")
    func blocks() {
        var chance = SplitMix(seed: 14)
        for _ in 0..<300 {
            var memory = MemoryBlocks()
            for number in 0..<Int.random(in: 0...9, using: &chance) where Bool.random(using: &chance) {
                let range = Machines.span(UInt64(number) * 8, 8)
                memory.blocks.append(MemoryBlock(number: number, range: range, isOnline: true, zone: nil))
            }
            let range = Machines.span(
                UInt64.random(in: 0...90, using: &chance),
                UInt64.random(in: 1...40, using: &chance)
            )
            #expect(memory.blocks(in: range) == memory.blocks.filter { $0.range.overlaps(range) })
        }
    }

    /// The seconds of this thread's processor time for what `status`, `plan` and `verify` do; the less of two, since another
    /// process can empty the caches.
    private func time(of machine: MachineState) throws -> Double {
        try (0..<2).map { _ in
            let start = Self.processorTime
            let found = findings(of: machine) { [Machines.hmem, Machines.cxl] }
            for policy in [Machines.hmem, Machines.cxl] {
                let plan = try Planner(machine: machine).plan(policy)
                #expect(plan.prediction.ranges.count >= machine.softReserved.count)
                _ = Target(of: plan).differences(on: machine)
                _ = policy.want.differences(found, on: machine)
            }
            _ = OwnershipGoal(of: machine)
            return Self.processorTime - start
        }.min() ?? 0
    }

    private static var processorTime: Double {
        var now = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    /// `count` ranges, each with a window, a region and memory blocks of its own.
    private static func machine(_ count: Int, _ owner: Owner) -> MachineState {
        let ranges = (0..<count).map { Machines.span(0x100_0000_0000 + UInt64($0) << 29, 0x1000_0000) }
        var machine = Machines.booted(.coordinated, ranges: ranges)
        machine.windows = ranges.enumerated().map { number, range in
            Window(range: range, number: number, isLive: true, isFixed: false, sources: ["test"])
        }
        for (number, range) in ranges.enumerated() {
            var region = Machines.region(range, locked: true)
            region.name = "region\(number)"
            region.targets = ["decoder2.\(number)"]
            machine.regions.append(region)
            machine.decoders.append(
                Decoder(name: "decoder2.\(number)", kind: .endpoint, range: range, locked: true, region: region.name)
            )
            machine.memory.blocks.append(
                MemoryBlock(
                    number: Int(range.start >> 27),
                    range: Machines.span(range.start, 0x800_0000),
                    isOnline: false,
                    zone: nil
                )
            )
            if owner == .none { continue }
            var device = Machines.device(owner, range)
            device.name = "dax\(number).0"
            device.through = owner == .cxl ? region.name : "hmem.\(number)"
            machine.daxDevices.append(device)
        }
        return machine
    }
}
