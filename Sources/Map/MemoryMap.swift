package import Iomem
package import Machine
package import Ownership

/// The memory that daxswitch is about, as bars: one for each CXL window, one for what lies outside all windows.
///
/// It has no text and no colour: text, pictures and documents are drawn from it. A bar is a row of equal cells, `width` of
/// them; a cell is a character, or a few pixels. Each bar has its own scale.
package struct MemoryMap: Sendable, Equatable {
    /// The cells of each bar.
    package let width: Int
    /// The bars: the windows in address order, then what is outside. None where the machine has no such memory.
    package let bars: [Bar]

    /// A bar.
    package struct Bar: Sendable, Equatable {
        /// The window; nil: the memory outside all windows.
        package let window: Window?
        /// The bytes in it: all of a window; outside, what is tracked there.
        package let bytes: UInt64
        /// What it is made of, in address order. Their cells make up the whole bar.
        package let segments: [Segment]
        /// The CXL regions that have bytes in it, in address order.
        package let regions: [Mark]
        /// What is to be seen in it, in the order of the list of marks.
        package let marks: [Mark]

        /// Whether a prediction differs from what is now.
        package var changes: Bool { segments.contains(where: \.isChanged) }

        /// The cells where a prediction differs from what is now, those next to each other as one.
        package var changedCells: [Range<Int>] {
            segments.filter(\.isChanged).map(\.cells).reduce(into: []) { runs, cells in
                if let last = runs.last, last.upperBound == cells.lowerBound {
                    runs[runs.count - 1] = last.lowerBound..<cells.upperBound
                } else {
                    runs.append(cells)
                }
            }
        }

        /// The places of all marks with the same cells, by their cells.
        package var markedCells: [(places: [Int], cells: Range<Int>)] {
            let places = Dictionary(grouping: marks, by: \.cells).mapValues { Set($0.map(\.place)).sorted() }
            return places.map { (places: $0.value, cells: $0.key) }.sorted { left, right in
                let (one, other) = (left.cells, right.cells)
                return one.lowerBound != other.lowerBound
                    ? one.lowerBound < other.lowerBound : one.upperBound > other.upperBound
            }
        }
    }

    /// Bytes next to each other of which the same is to be said.
    package struct Segment: Sendable, Equatable {
        /// From the first byte to the last, inclusive.
        package let range: AddressRange
        /// Its cells in the bar, at least one.
        package let cells: Range<Int>
        /// Who has the bytes.
        package let holder: Holder
        /// Who may have them after the steps, one where it is certain; nil without a prediction, or where nothing is predicted.
        package let after: Set<Owner>?
        /// Whether the prediction differs from what is now.
        package let isChanged: Bool
        /// The range with its owner, device and use; nil for an empty segment, or one of several ranges.
        package let owned: OwnedRange?
        /// How many segments there would be if the bar had more cells: 1 where nothing was folded.
        package let count: Int
    }

    /// Something that has a name, and the cells in which it has bytes.
    package struct Mark: Sendable, Equatable {
        /// The place in the list that it is from: `MachineState.regions`, or the marks.
        package let place: Int
        /// The bytes, inclusive.
        package let range: AddressRange
        /// The cells.
        package let cells: Range<Int>
    }

    /// Who has bytes.
    package enum Holder: Sendable, Hashable {
        /// A driver, nobody, or two.
        case owner(Owner)
        /// Memory of an owner that the material does not tell.
        case unknown
        /// The kernel: System RAM from boot.
        case kernel
        /// A region of another kind than ram, such as pmem.
        case region
        /// No memory that anybody knows of.
        case empty
        /// Addresses between two ranges outside of windows; they have one cell, however many they are.
        case gap
        /// Several that differ, in fewer cells than each would need.
        case several
    }
}

extension MemoryMap {
    /// The map of `machine`.
    ///
    /// - Parameters:
    ///   - marks: What is to be marked, such as findings: the bytes of each.
    ///   - prediction: What is to be shown beside what is now.
    ///   - width: The cells of each bar, at least one.
    package init(
        of machine: MachineState,
        marks: [[AddressRange]] = [],
        prediction: Prediction? = nil,
        width: Int
    ) {
        let width = max(width, 1)
        let survey = Survey(of: machine, marks: marks, prediction: prediction)
        self.width = width
        bars = (machine.windows.map(survey.bar) + [survey.outside]).compactMap { stretch in
            stretch.pieces.isEmpty ? nil : Bar(stretch, survey, width: width)
        }
    }
}

extension MemoryMap.Bar {
    fileprivate init(_ stretch: Stretch, _ survey: Survey, width: Int) {
        window = stretch.window
        bytes = stretch.pieces.filter { $0.holder != .gap }.map(\.range).totalSize
        segments = laidOut(stretch.pieces, width: width)
        let segments = segments
        let placed = { (ranges: [(place: Int, range: AddressRange)]) in
            ranges.compactMap { one -> MemoryMap.Mark? in
                let covered = segments.filter { $0.holder != .gap && $0.range.overlaps(one.range) }
                guard let first = covered.first, let last = covered.last else { return nil }
                let cells = first.cells.lowerBound..<last.cells.upperBound
                return MemoryMap.Mark(place: one.place, range: one.range, cells: cells)
            }
        }
        regions = placed(survey.regions(in: window?.range))
        marks = placed(survey.marks(in: window?.range))
    }
}
