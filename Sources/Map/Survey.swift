import Iomem
import Machine
import Ownership

/// The bytes of one bar, cut wherever something changes.
struct Stretch {
    /// The window; nil: outside of all.
    let window: Window?
    /// In address order, next to each other.
    let pieces: [Piece]
}

/// Bytes that no edge cuts.
struct Piece: Equatable {
    var range: AddressRange
    var holder: MemoryMap.Holder
    var after: Set<Owner>?
    var isChanged = false
    var owned: OwnedRange?
    /// How many pieces it stands for.
    var count = 1
}

/// What is where on a machine: made once, asked for each bar.
struct Survey {
    /// The regions that have bytes, with their place in `MachineState.regions`.
    private let regions: [(place: Int, range: AddressRange)]
    /// The bytes that are marked, with the place of each mark.
    private let marks: [(place: Int, range: AddressRange)]
    private let markIndex: RangeIndex
    private let owned: [OwnedRange]
    private let ownedIndex: RangeIndex
    private let predicted: [PredictedRange]
    private let predictedIndex: RangeIndex
    private let kernelRAM: RangeIndex
    private let regionIndex: RangeIndex
    private let windows: RangeIndex
    private let edges: Edges
    /// All bytes that a bar outside of windows has.
    private let tracked: [AddressRange]

    init(of machine: MachineState, marks: [[AddressRange]], prediction: Prediction?) {
        owned = ownedRanges(of: machine)
        ownedIndex = RangeIndex(owned.map(\.range))
        predicted = prediction?.ranges ?? []
        predictedIndex = RangeIndex(predicted.map(\.range))
        let kernel = machine.iomem.entries { $0 == "System RAM" }.map(\.range)
        kernelRAM = RangeIndex(kernel)
        regions = machine.regions.enumerated().compactMap { place, region in
            region.range.map { (place: place, range: $0) }
        }
        .sorted { $0.range < $1.range }
        regionIndex = RangeIndex(regions.map(\.range))
        let marked = marks.enumerated().flatMap { place, ranges in ranges.map { (place: place, range: $0) } }
        self.marks = marked
        markIndex = RangeIndex(marked.map(\.range))
        windows = RangeIndex(machine.windows.map(\.range))
        // A region that is created again can lie where nothing is now.
        tracked = (owned.map(\.range) + regions.map(\.range) + predicted.map(\.range)).merged()
        edges = Edges(
            of: owned.map(\.range) + regions.map(\.range) + predicted.map(\.range) + kernel
        )
    }

    /// The regions with bytes in `range`, or all of them.
    func regions(in range: AddressRange?) -> [(place: Int, range: AddressRange)] {
        range.map { regionIndex.places(overlapping: $0).map { regions[$0] } } ?? regions
    }

    /// The marks with bytes in `range`, or all of them.
    func marks(in range: AddressRange?) -> [(place: Int, range: AddressRange)] {
        range.map { markIndex.places(overlapping: $0).map { marks[$0] } } ?? marks
    }

    /// The bytes of a window.
    func bar(of window: Window) -> Stretch { Stretch(window: window, pieces: pieces(of: window.range)) }

    /// The tracked bytes that are in no window, with a gap between those that are apart.
    var outside: Stretch {
        var pieces: [Piece] = []
        for range in tracked.flatMap(windows.remainder) {
            if let last = pieces.last, !last.range.touches(range),
                let gap = AddressRange(start: last.range.end + 1, end: range.start - 1)
            {
                pieces.append(Piece(range: gap, holder: .gap))
            }
            pieces += self.pieces(of: range)
        }
        return Stretch(window: nil, pieces: pieces)
    }

    private func pieces(of range: AddressRange) -> [Piece] {
        edges.cut(range).map { bytes in
            let prediction = predictedIndex.places(overlapping: bytes).first.map { predicted[$0] }
            var piece: Piece
            if let place = ownedIndex.places(overlapping: bytes).first {
                let owned = owned[place]
                let holder: MemoryMap.Holder = owned.isOwnerKnown ? .owner(owned.owner) : .unknown
                piece = Piece(range: bytes, holder: holder, owned: owned)
            } else {
                piece = Piece(range: bytes, holder: prediction == nil ? untracked(bytes) : .owner(.none))
            }
            if let prediction {
                piece.after = prediction.owners
                piece.isChanged = prediction.ownerNow.map { [$0] } != prediction.owners
            }
            return piece
        }
    }

    /// Who has bytes that are neither Soft Reserved nor of a ram region.
    private func untracked(_ bytes: AddressRange) -> MemoryMap.Holder {
        if regionIndex.overlaps(bytes) { return .region }
        return kernelRAM.overlaps(bytes) ? .kernel : .empty
    }
}
