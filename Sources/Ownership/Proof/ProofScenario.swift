import Iomem
import Machine

/// A small machine as firmware leaves it: the stage on which the search lets the model play.
///
/// The rules ask which ranges meet, contain and cut each other, never how large they are: ranges of two memory blocks
/// stand for all.
struct ProofScenario: Sendable {
    let generation: Generation
    let placement: Placement
    let cover: Cover
    /// The memory blocks, in address order, which the model cuts nowhere.
    let blocks: [AddressRange]
    /// The Soft Reserved ranges.
    let ranges: [AddressRange]
    /// Everything that can be seen of it: the CXL drivers are in, the regions and decoders are as firmware programmed them.
    let machine: MachineState
    /// The machine before any module is loaded.
    let boot: KernelModel

    init(_ generation: Generation, _ placement: Placement, _ cover: Cover) {
        self.generation = generation
        self.placement = placement
        self.cover = cover
        blocks = Self.blocks(placement)
        ranges = Self.ranges(placement)
        var machine = Self.machine(generation, blocks, ranges, reachesBeyond: placement.reachesBeyond)
        machine.windows = Self.windows(placement).enumerated().map { number, range in
            Window(range: range, number: number, isLive: true, isFixed: cover.hasLocks, sources: ["proof"])
        }
        machine.regions = Self.regions(generation, placement, cover)
        machine.decoders = Self.decoders(machine.regions, cover, over: ranges, in: machine.windows.map(\.range))
        self.machine = machine
        boot = KernelModel(of: machine, generation: generation).atNextBoot(nil)
    }

    /// Without windows, regions and decoders.
    private static func machine(
        _ generation: Generation,
        _ blocks: [AddressRange],
        _ ranges: [AddressRange],
        reachesBeyond: Bool
    ) -> MachineState {
        var kernel = Kernel(release: generation.rawValue)
        kernel.generation = Inferred(generation, evidence: ["the proof says so"])
        kernel.showsSoftReserved = generation == .hmemOnly
        kernel.claimsAwaitMode = false
        var machine = MachineState(kernel: kernel, iomem: IomemTree(inFileOrder: []))
        machine.modules.dependencies = dependencies(generation)
        for (position, name) in ["cxl_acpi", "cxl_port", "cxl_mem", "cxl_pci"].enumerated() {
            machine.modules.loaded[name] = LoadedModule(
                isLive: true,
                references: 0,
                users: [],
                address: 0,
                position: position
            )
        }
        machine.softReserved = ranges.map { range in
            // With an HMAT, dax_hmem's range is all that the SRAT has there.
            SoftReservedRange(
                range: range,
                sources: ["proof"],
                hmemRange: reachesBeyond ? blocks.merged().first : range
            )
        }
        machine.memory.blockSize = blocks.first?.size ?? 0
        machine.memdevs = [Memdev(name: "mem0", hasEndpoint: true)]
        return machine
    }

    /// Nothing is part of the kernel image: `cxl_port` comes with the memory devices' drivers, which need it. In the image it is
    /// there as well whenever they are, and without them no rule asks for it.
    private static func dependencies(_ generation: Generation) -> [String: [String]] {
        let daxCxl: [String: [String]] =
            switch generation {
            case .hmemOnly: [:]
            case .deferring, .allOrNothing: ["dax_cxl": []]
            case .coordinated, .unfixed: ["dax_cxl": ["dax_hmem"]]
            }
        let others = ["cxl_mem": ["cxl_port"], "cxl_pci": ["cxl_mem", "cxl_port"]]
        let free = ["cxl_acpi", "cxl_port", "cxl_pmem", "dax_hmem", "kmem", "device_dax"]
        return Dictionary(uniqueKeysWithValues: free.map { ($0, []) }).merging(others) { $1 }.merging(daxCxl) { $1 }
    }

    /// Where the Soft Reserved memory lies.
    enum Placement: String, CaseIterable, Sendable {
        case inside = "a range in a window"
        case outside = "a range outside every window"
        case apart = "a range in a window and one outside"
        case across = "a range that reaches out of its window"
        case larger = "an SRAT range outside every window, larger than its memory"
        case largerInside = "an SRAT range in a window, larger than its memory"

        /// dax_hmem takes more than is memory.
        var reachesBeyond: Bool { self == .larger || self == .largerInside }
    }

    /// What firmware programmed over the range in the window.
    enum Cover: String, CaseIterable, Sendable {
        case nothing = "no region"
        case unlocked = "a committed region, not locked"
        case locked = "a committed region, locked"
        case lockIgnored = "a committed, locked region; this kernel ignores the lock"
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
        case (_, .outside), (_, .larger): [.nothing]
        // Kernels without dax_cxl make no region out of programmed decoders.
        case (.hmemOnly, _): [.nothing, .decodersOnly]
        case (.deferring, .inside): [.nothing, .unlocked, .lockIgnored, .unassembled, .partly, .together]
        case (_, .inside): [.nothing, .unlocked, .locked, .unassembled, .partly, .partlyLocked, .together]
        // What is outside adds nothing to what lies over the other range, but that hazards of both can meet.
        case (.deferring, .apart), (.deferring, .largerInside): [.lockIgnored]
        case (.deferring, _): [.nothing, .lockIgnored]
        case (_, .apart): [.locked]
        case (_, .largerInside): [.unlocked, .locked]
        case (_, _): [.nothing, .locked]
        }
    }
}

extension ProofScenario {
    private static let size: UInt64 = 0x1000_0000
    private static let low = blocks(from: 0x1000_0000, 1)
    private static let high = blocks(from: 0x5_d000_0000, 2)

    /// `count` memory blocks in a row; the constants above make no empty one.
    private static func blocks(from start: UInt64, _ count: UInt64) -> [AddressRange] {
        (0..<count).compactMap { AddressRange(start: start + $0 * size, size: size) }
    }

    private static func blocks(_ placement: Placement) -> [AddressRange] {
        switch placement {
        case .inside, .across, .largerInside: high
        case .outside: low
        case .apart: low + high
        case .larger: blocks(from: 0x1000_0000, 2)
        }
    }

    private static func ranges(_ placement: Placement) -> [AddressRange] {
        switch placement {
        case .inside, .across: high.merged()
        case .outside, .larger: low
        case .apart: low + high.merged()
        case .largerInside: Array(high.prefix(1))
        }
    }

    /// The window: over more than the range, or, where the range reaches out of it, over its first block.
    private static func windows(_ placement: Placement) -> [AddressRange] {
        let size = placement == .across ? size : 16 * size
        return high.prefix(1).compactMap { AddressRange(start: $0.start, size: size) }
    }

    private static func regions(_ generation: Generation, _ placement: Placement, _ cover: Cover) -> [Region] {
        let whole = [.across, .largerInside].contains(placement) ? Array(high.prefix(1)) : high.merged()
        let ranges: [AddressRange] =
            switch cover {
            case .nothing, .decodersOnly: []
            case .unlocked, .locked, .lockIgnored, .unassembled: whole
            case .partly, .partlyLocked: Array(high.prefix(1))
            case .together: high
            }
        let knowsLocks = generation != .hmemOnly && generation != .deferring
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

extension ProofScenario {
    /// The memory and what firmware programmed over it.
    var words: String {
        [.outside, .larger].contains(placement) ? placement.rawValue : "\(placement.rawValue), \(cover.rawValue)"
    }
}
