import Iomem
import Machine

/// What is known of bytes on one side: who owns them and what they are used for. What it does not name belongs to nobody.
struct MachineBytes {
    /// A run of bytes.
    struct Run {
        var range: AddressRange
        var owner: Diff.Told
        /// Nil where the side tells no use of any bytes.
        var use: Diff.Told?
    }

    /// Runs that don't overlap, in address order.
    let runs: [Run]
    /// Bytes that are in no run.
    let rest: (owner: Diff.Told, use: Diff.Told?)

    /// Every Soft Reserved range, HMEM range and ram region of a machine, and the memory blocks in them.
    init(_ machine: MachineState) {
        let blocks = machine.memory.blocks
        let index = RangeIndex(blocks.map(\.range))
        runs = ownedRanges(of: machine).flatMap { owned -> [Run] in
            let owner = Diff.Told(
                oneOf: Set(owned.isOwnerKnown ? [owned.owner.rawValue] : Owner.allCases.map(\.rawValue)),
                shown: owned.ownerWord
            )
            guard owned.useIsKnown && owned.use == .systemRAM else {
                return [
                    Run(
                        range: owned.range,
                        owner: owner,
                        use: owned.useIsKnown ? Diff.Told(owned.use.rawValue) : .unknown
                    )
                ]
            }
            guard owned.blocksAreKnown else { return [Run(range: owned.range, owner: owner, use: Online.unknown)] }
            let places = index.places(overlapping: owned.range)
            return Edges(of: places.map { blocks[$0].range }).cut(owned.range).map { bytes in
                let block = index.places(overlapping: bytes).first.map { blocks[$0] }
                return Run(range: bytes, owner: owner, use: Online.told(block))
            }
        }
        rest =
            machine.lacks(.daxDevices)
            ? (.unknown, .unknown) : (Diff.Told(Owner.none.rawValue), Diff.Told(MemoryState.none.rawValue))
    }

    /// What a plan predicts; the uses that it restores are among its steps.
    init(_ plan: Plan) {
        runs = plan.prediction.ranges.map {
            Run(range: $0.range, owner: Diff.Told(anyOf: $0.owners), use: nil)
        }
        rest = (Diff.Told(Owner.none.rawValue), nil)
    }
}

/// How memory of kmem stands, in words.
private enum Online {
    /// include/linux/mmzone.h: enum zone_type; mm/page_alloc.c: zone_names.
    private static let zones = ["DMA", "DMA32", "Normal", "HighMem", "Movable", "Device"]
    private static let memory = MemoryState.systemRAM.rawValue
    private static let offline = "\(memory), offline"
    private static let outside = "\(memory), outside of memory blocks"

    private static func online(_ zone: String) -> String { "\(memory), online (\(zone))" }

    /// The blocks are not recorded.
    static let unknown = Diff.Told(oneOf: Set(zones.map(online) + [offline, outside]), shown: memory)

    /// How a block stands; bytes that none holds are not used as memory.
    static func told(_ block: MemoryBlock?) -> Diff.Told {
        guard let block else { return Diff.Told(outside) }
        guard block.isOnline else { return Diff.Told(offline) }
        guard let zone = block.zone else {
            return Diff.Told(oneOf: Set(zones.map(online)), shown: "\(memory), online")
        }
        return Diff.Told(online(zone))
    }
}

extension Diff {
    /// Notes the bytes that have another owner, or another use with an owner; neighbours of which the same is so are one.
    mutating func compareBytes(_ a: MachineBytes, _ b: MachineBytes, arePlans: Bool = false) {
        var owners = Joined(kind: .owner)
        var uses = Joined(kind: .use)
        let edges = Edges(of: a.runs.map(\.range) + b.runs.map(\.range))
        var (left, right) = (a.runs[...], b.runs[...])
        for range in (a.runs.map(\.range) + b.runs.map(\.range)).merged() {
            for bytes in edges.cut(range) {
                let one = Self.run(in: &left, at: bytes)
                let other = Self.run(in: &right, at: bytes)
                let owner = (one?.owner ?? a.rest.owner, other?.owner ?? b.rest.owner)
                owners.add(bytes, owner.0, owner.1, to: &self, arePlans: arePlans)
                guard let use = one.map(\.use) ?? a.rest.use, let otherUse = other.map(\.use) ?? b.rest.use else {
                    continue
                }
                // Without an owner there is no use: that the owner went tells both.
                let isGone = use == Self.noUse || otherUse == Self.noUse
                if isGone && owner.0.differs(from: owner.1, arePlans: arePlans) { continue }
                // That the owner is not known tells both as well.
                if !owner.0.isKnown || !owner.1.isKnown { continue }
                uses.add(bytes, use, otherUse, to: &self, arePlans: arePlans)
            }
        }
        owners.end(&self, arePlans: arePlans)
        uses.end(&self, arePlans: arePlans)
    }

    private static let noUse = Told(MemoryState.none.rawValue)

    /// The run that `bytes` lie in, of runs of which none before them is asked for again.
    private static func run(in runs: inout ArraySlice<MachineBytes.Run>, at bytes: AddressRange) -> MachineBytes.Run? {
        while let first = runs.first, first.range.end < bytes.start { runs.removeFirst() }
        return runs.first.flatMap { $0.range.overlaps(bytes) ? $0 : nil }
    }

    /// Neighbouring bytes with the same on each side.
    private struct Joined {
        let kind: Kind
        private var last: (range: AddressRange, a: Told, b: Told)?

        init(kind: Kind) { self.kind = kind }

        mutating func add(_ bytes: AddressRange, _ a: Told, _ b: Told, to diff: inout Diff, arePlans: Bool) {
            if let run = last, run.a == a, run.b == b, run.range.touches(bytes),
                let joined = AddressRange(start: run.range.start, end: bytes.end)
            {
                last = (joined, a, b)
                return
            }
            end(&diff, arePlans: arePlans)
            last = (bytes, a, b)
        }

        mutating func end(_ diff: inout Diff, arePlans: Bool) {
            guard let last else { return }
            diff.note(kind, "\(last.range)", last.a, last.b, over: last.range, arePlans: arePlans)
            self.last = nil
        }
    }
}
