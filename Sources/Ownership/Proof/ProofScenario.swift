import Iomem
import Machine

/// A small machine as firmware leaves it: the stage on which the search lets the model play.
///
/// The rules ask which ranges meet, contain and cut each other, never how large they are; so that ranges of two cells
/// stand for all.
struct ProofScenario: Sendable {
    let generation: Generation
    let placement: Placement
    let cover: Cover
    /// What the model cuts nowhere, in address order; each is one memory block.
    let cells: [AddressRange]
    /// The Soft Reserved ranges.
    let ranges: [AddressRange]
    let windows: [AddressRange]
    /// The regions that firmware programmed, as sysfs shows them once the drivers are in.
    let regions: [Region]
    /// The decoders of memory devices that firmware programmed.
    let decoders: [Decoder]

    init(_ generation: Generation, _ placement: Placement, _ cover: Cover) {
        self.generation = generation
        self.placement = placement
        self.cover = cover
        cells = Self.cells(placement)
        ranges = Self.ranges(placement)
        windows = Self.windows(placement)
        regions = Self.regions(generation, placement, cover)
        decoders = Self.decoders(regions, cover, over: ranges, in: windows)
    }

    /// Where the Soft Reserved memory lies.
    enum Placement: String, CaseIterable, Sendable {
        case inside = "a range in a window"
        case outside = "a range outside every window"
        case apart = "a range in a window and one outside"
        case across = "a range that reaches out of its window"
    }

    /// What firmware programmed over the range in the window.
    enum Cover: String, CaseIterable, Sendable {
        case nothing = "no region"
        case unlocked = "a committed region, not locked"
        case locked = "a committed region, locked"
        case lockIgnored = "a committed region, its lock ignored by this kernel"
        case unassembled = "a region that is not assembled"
        case partly = "a committed region over half of it, not locked"
        case partlyLocked = "a committed region over half of it, locked"
        case together = "two committed regions that cover it together, not locked"
        case decodersOnly = "programmed decoders, no region"
    }

    /// Every stage of a generation.
    static func all(_ generation: Generation) -> [ProofScenario] {
        Placement.allCases.flatMap { placement in
            covers(generation, placement).map { ProofScenario(generation, placement, $0) }
        }
    }

    private static func covers(_ generation: Generation, _ placement: Placement) -> [Cover] {
        switch (generation, placement) {
        case (_, .outside): [.nothing]
        // Kernels without dax_cxl make no region out of programmed decoders.
        case (.hmemOnly, _): [.nothing, .decodersOnly]
        case (.deferring, .inside): [.nothing, .unlocked, .lockIgnored, .unassembled, .partly, .together]
        case (_, .inside): [.nothing, .unlocked, .locked, .unassembled, .partly, .partlyLocked, .together]
        // What is outside adds nothing to what lies over the other range, but that hazards of both can meet.
        case (.deferring, .apart): [.lockIgnored]
        case (.deferring, _): [.nothing, .lockIgnored]
        case (_, .apart): [.locked]
        case (_, _): [.nothing, .locked]
        }
    }
}

extension ProofScenario {
    private static let size: UInt64 = 0x1000_0000
    private static let low = cells(from: 0x1000_0000, 1)
    private static let high = cells(from: 0x5_d000_0000, 2)

    /// `count` cells in a row; the constants above make no empty one.
    private static func cells(from start: UInt64, _ count: UInt64) -> [AddressRange] {
        (0..<count).compactMap { AddressRange(start: start + $0 * size, size: size) }
    }

    private static func cells(_ placement: Placement) -> [AddressRange] {
        switch placement {
        case .inside, .across: high
        case .outside: low
        case .apart: low + high
        }
    }

    private static func ranges(_ placement: Placement) -> [AddressRange] {
        switch placement {
        case .inside, .across: high.merged()
        case .outside: low
        case .apart: low + high.merged()
        }
    }

    /// The window: over more than the range, or, where the range reaches out of it, over its first cell.
    private static func windows(_ placement: Placement) -> [AddressRange] {
        let size = placement == .across ? size : 16 * size
        return high.prefix(1).compactMap { AddressRange(start: $0.start, size: size) }
    }

    private static func regions(_ generation: Generation, _ placement: Placement, _ cover: Cover) -> [Region] {
        let whole = placement == .across ? Array(high.prefix(1)) : high.merged()
        let ranges: [AddressRange] =
            switch cover {
            case .nothing, .decodersOnly: []
            case .unlocked, .locked, .lockIgnored, .unassembled: whole
            case .partly, .partlyLocked: Array(high.prefix(1))
            case .together: high
            }
        let knowsLocks = generation == .coordinated || generation == .unfixed
        return ranges.enumerated().map { index, range in
            Region(
                name: "region\(index)",
                range: range,
                mode: "ram",
                committed: cover != .unassembled,
                locked: knowsLocks ? cover.hasLocks : nil,
                assembled: cover != .unassembled,
                daxDriver: nil,
                targets: ["decoder-region\(index)"]
            )
        }
    }

    private static func decoders(
        _ regions: [Region],
        _ cover: Cover,
        over ranges: [AddressRange],
        in windows: [AddressRange]
    ) -> [Decoder] {
        guard cover == .decodersOnly else {
            return regions.map {
                Decoder(
                    name: "decoder-\($0.name)",
                    kind: .endpoint,
                    range: $0.range,
                    locked: cover.hasLocks,
                    region: $0.name
                )
            }
        }
        return ranges.flatMap { range in windows.compactMap { $0.intersection(range) } }.map {
            Decoder(name: "decoder", kind: .endpoint, range: $0, locked: false, region: nil)
        }
    }
}

extension ProofScenario.Cover {
    /// The decoders are locked, and the window's CEDT entry says that its configuration is fixed.
    var hasLocks: Bool { self == .locked || self == .partlyLocked || self == .lockIgnored }
}
