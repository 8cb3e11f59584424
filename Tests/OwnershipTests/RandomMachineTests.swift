import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("Machines made up at random")
struct RandomMachineTests {
    private static let steps: [Step] = [
        .load("dax_hmem"), .load("dax_hmem"), .load("dax_cxl"), .load("dax_cxl"), .unload("dax_cxl"),
        .unload("dax_hmem"),
        .unload("cxl_acpi"), .load("cxl_acpi"), .hold, .release,
    ]
    private static let mebibyte: UInt64 = 1 << 20

    @Test(
        "several windows, regions and ranges, however they lie: owners as the kernel's functions give them",
        arguments: [Generation.deferring, .coordinated]
    )
    func owners(_ generation: Generation) throws {
        var seen: Set<Owner> = []
        for seed in 0..<700 {
            var chance = SplitMix(seed: UInt64(seed))
            let machine = machine(generation, &chance)
            let steps = (0..<Int.random(in: 1...9, using: &chance)).compactMap { _ in
                Self.steps.randomElement(using: &chance)
            }
            let prediction = try Planner(machine: machine).predict(steps).prediction
            var kernel = KernelByHand(machine, generation)
            steps.forEach { kernel.carryOut($0) }
            for range in prediction.ranges {
                for address in [range.range.start, range.range.start + range.range.size / 2, range.range.end] {
                    let owner = kernel.owner(at: address)
                    seen.insert(owner)
                    #expect(range.owners == [owner], "seed \(seed): \(range.range) by \(steps.map(\.description))")
                }
            }
        }
        #expect(seen == [.cxl, .hmem, .none])
    }

    private func machine(_ generation: Generation, _ chance: inout SplitMix) -> MachineState {
        var machine = Machines.booted(generation)
        for name in ["dax_cxl", "dax_hmem"] { machine.modules.loaded[name] = nil }
        machine.windows = []
        machine.decoders = []
        machine.initialProbe.value = Bool.random(using: &chance) ? .pending : .done
        // Also above 16 TiB, as large hosts have them.
        var next: UInt64 = Bool.random(using: &chance) ? 0x5_d000_0000 : 0x1000_0000_0000
        var edges = [next - 512 * Self.mebibyte]
        for number in 0..<Int.random(in: 1...3, using: &chance) {
            let window = Machines.span(next, pick([1024, 2048, 4096], &chance) * Self.mebibyte)
            let isFixed = Int.random(in: 0...2, using: &chance) == 0
            machine.windows.append(
                Window(range: window, number: number, isLive: true, isFixed: isFixed, sources: ["test"])
            )
            addRegions(in: window, to: &machine, generation, &chance)
            next = window.end + 1 + pick([0, 0, 1024], &chance) * Self.mebibyte
            edges += [window.start, next]
        }
        edges += machine.regions.compactMap(\.range).flatMap { [$0.start, $0.end + 1] }
        addRanges(at: edges, to: &machine, &chance)
        return machine
    }

    private func addRegions(
        in window: AddressRange,
        to machine: inout MachineState,
        _ generation: Generation,
        _ chance: inout SplitMix
    ) {
        var start = window.start
        for _ in 0..<Int.random(in: 0...3, using: &chance) {
            start += pick([0, 0, 256], &chance) * Self.mebibyte
            let range = Machines.span(start, pick([256, 512, 1024], &chance) * Self.mebibyte)
            guard window.contains(range) else { return }
            let isLocked = generation == .deferring ? nil : Bool.random(using: &chance)
            var region = Machines.region(range, locked: isLocked, committed: Int.random(in: 0...4, using: &chance) > 0)
            region.name = "region\(machine.regions.count)"
            machine.regions.append(region)
            machine.decoders.append(
                Decoder(
                    name: "decoder2.0",
                    kind: .endpoint,
                    range: range,
                    locked: isLocked == true,
                    region: region.name
                )
            )
            start = range.end + 1
        }
    }

    private func addRanges(at edges: [UInt64], to machine: inout MachineState, _ chance: inout SplitMix) {
        var ranges: [AddressRange] = [Machines.elsewhere]
        for _ in 0..<Int.random(in: 1...4, using: &chance) {
            // Now and then aligned to nothing.
            let start = pick(edges, &chance) + pick([0, 0, 0, 64, 128, 256, 257], &chance) * Self.mebibyte
            let range = Machines.span(start, pick([128, 256, 512, 1024, 2048], &chance) * Self.mebibyte)
            if !ranges.contains(where: range.overlaps) { ranges.append(range) }
        }
        machine.softReserved = ranges.sorted().map { SoftReservedRange(range: $0, sources: ["test"]) }
    }

    private func pick(_ values: [UInt64], _ chance: inout SplitMix) -> UInt64 {
        values.randomElement(using: &chance) ?? 0
    }
}
