import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("Issue 10, number 16: ranges that end at the last address")
struct LastAddressTests {
    private static let sizes: [UInt64] = [0, 1, 2, 0x10_0000, 0x800_0000, 1 << 62, 1 << 63]

    @Test("whole memory blocks are found wherever a range ends", arguments: sizes)
    func blocks(size: UInt64) throws {
        var machine = Machines.booted(.coordinated)
        machine.memory.blockSize = size
        let constants = KernelModel(of: machine, generation: .coordinated).constants
        let edges: [UInt64] = [0, 1, 0x7ff_ffff, 0x800_0000, 1 << 62, 1 << 63, .max - 0x800_0000, .max - 1, .max]
        for start in edges {
            for end in edges where end >= start {
                let range = try #require(AddressRange(start: start, end: end))
                let found = constants.memoryBlocks(in: range)
                guard size > 0 else {
                    #expect(found == range)
                    continue
                }
                if let found {
                    #expect(range.contains(found))
                    #expect(found.start.isMultiple(of: size) && found.end % size == size - 1)
                    // Not one block more would fit.
                    #expect(found.start - range.start < size && range.end - found.end < size)
                } else {
                    let (_, isTooNear) = start.addingReportingOverflow(size - 1)
                    let next = isTooNear ? nil : (start + (size - 1)) / size * size
                    let (last, overflow) = (next ?? .max).addingReportingOverflow(size - 1)
                    #expect(next == nil || overflow || last > end)
                }
            }
        }
    }

    @Test("every policy is planned and compared on such a machine", arguments: Generation.allCases)
    func plans(generation: Generation) throws {
        for start in [0, 0x5_d000_0000, UInt64.max] {
            let range = try #require(AddressRange(start: start, end: .max))
            var machine = Machines.booted(generation, ranges: [range], regions: [Machines.region(range, locked: false)])
            machine.windows = [Window(range: range, number: 0, isLive: true, isFixed: false, sources: ["test"])]
            machine.modules.loaded["kmem"] = LoadedModule(
                isLive: true,
                references: 0,
                users: [],
                address: 1,
                position: 9
            )
            machine.memory.autoOnline = "online"
            let node = MemoryNode(number: 0, total: .max, free: .max, hugepagesUsed: .max, hugepagesFree: .max)
            machine.memory.room = MemoryRoom(available: .max, swapFree: .max, nodes: [node, node])
            for order in [
                ["unload:dax_cxl", "unload:dax_hmem", "load:dax_hmem", "load:dax_cxl"], ["hold", "unload:cxl_acpi"],
            ] {
                let policy = Policy(
                    name: "test",
                    summary: "",
                    order: try order.map { try Step(parsing: $0) },
                    want: Policy.Want(coveredByRegion: .hmem, windowOnly: .cxl, outsideWindows: .hmem),
                    consent: Policy.Consent(offlineMemory: true, loseRegions: true)
                )
                let plan = try Planner(machine: machine).plan(policy)
                _ = compare(plan.prediction, with: machine)
                #expect(ownedRanges(of: machine).map(\.range) == [range])
            }
        }
    }
}
