/// Ranges in address order, made to find those that share a byte with another range without a look at all of them.
///
/// A firmware can list any number of ranges, and a question about each of them must not ask all others.
package struct RangeIndex: Sendable {
    /// The ranges in address order, with the place that each had in what the index was made of.
    private let sorted: [(range: AddressRange, place: Int)]
    /// The last byte of all ranges up to the one at the same place.
    private let reach: [UInt64]

    /// An index of `ranges`, which may overlap.
    package init(_ ranges: some Sequence<AddressRange>) {
        sorted = ranges.enumerated().map { (range: $0.element, place: $0.offset) }
            .sorted { $0.range != $1.range ? $0.range < $1.range : $0.place < $1.place }
        var last: UInt64 = 0
        reach = sorted.map { entry in
            last = max(last, entry.range.end)
            return last
        }
    }

    /// The places, in the sequence that the index was made of and in its order, of the ranges that share a byte with `range`.
    package func places(overlapping range: AddressRange) -> [Int] {
        var places: [Int] = []
        var next = sorted.partitioningIndex { $0.range.start > range.end }
        while next > 0, reach[next - 1] >= range.start {
            next -= 1
            if sorted[next].range.overlaps(range) { places.append(sorted[next].place) }
        }
        return places.sorted()
    }

    /// Whether one of the ranges shares a byte with `range`.
    package func overlaps(_ range: AddressRange) -> Bool {
        let next = sorted.partitioningIndex { $0.range.start > range.end }
        return next > 0 && reach[next - 1] >= range.start
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element satisfies `isBehind`; those that do are behind all that don't.
    package func partitioningIndex(_ isBehind: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
