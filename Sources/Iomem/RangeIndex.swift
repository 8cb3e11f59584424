/// Ranges in address order, made to find those that share a byte with another range without a look at all of them.
///
/// A firmware can list any number of ranges, and a question about each of them must not ask all others. Of n ranges, an index
/// is made in O(n log n); k answers are found in O(k log n), however the ranges lie within each other.
package struct RangeIndex: Sendable, Equatable {
    /// The ranges in address order, with the place that each had in what the index was made of.
    private let sorted: [(range: AddressRange, place: Int)]
    /// The ranges are the nodes of a search tree, each in the middle of those below it: the last byte of all of these.
    private var reach: [UInt64]

    /// An index of `ranges`, which may overlap.
    package init(_ ranges: some Sequence<AddressRange>) {
        var sorted: [(range: AddressRange, place: Int)] = []
        for range in ranges { sorted.append((range, sorted.count)) }
        if sorted.count > 1 {
            sorted.sort { $0.range != $1.range ? $0.range < $1.range : $0.place < $1.place }
        }
        self.sorted = sorted
        reach = sorted.map(\.range.end)
        _ = measure(0..<sorted.count)
    }

    private mutating func measure(_ part: Range<Int>) -> UInt64 {
        if part.isEmpty { return 0 }
        let middle = Self.middle(of: part)
        let last = max(
            sorted[middle].range.end,
            measure(part.lowerBound..<middle),
            measure(middle + 1..<part.upperBound)
        )
        reach[middle] = last
        return last
    }

    private static func middle(of part: Range<Int>) -> Int { part.lowerBound + part.count / 2 }

    /// Calls `body` with those that share a byte with `range`, in address order, until it returns false.
    private func visit(_ part: Range<Int>, _ range: AddressRange, _ body: (Int) -> Bool) -> Bool {
        if part.isEmpty { return true }
        let middle = Self.middle(of: part)
        guard reach[middle] >= range.start else { return true }
        guard visit(part.lowerBound..<middle, range, body) else { return false }
        let found = sorted[middle].range
        guard found.start <= range.end else { return true }
        if found.end >= range.start, !body(middle) { return false }
        return visit(middle + 1..<part.upperBound, range, body)
    }

    /// The places, in the sequence that the index was made of and in its order, of the ranges that share a byte with `range`.
    package func places(overlapping range: AddressRange) -> [Int] {
        var places: [Int] = []
        _ = visit(0..<sorted.count, range) { index in
            places.append(sorted[index].place)
            return true
        }
        return places.count > 1 ? places.sorted() : places
    }

    /// Whether one of the ranges shares a byte with `range`.
    package func overlaps(_ range: AddressRange) -> Bool {
        !visit(0..<sorted.count, range) { _ in false }
    }

    /// Whether one of the ranges shares a byte with `range` and does not hold all of it.
    package func cuts(_ range: AddressRange) -> Bool {
        !visit(0..<sorted.count, range) { sorted[$0].range.contains(range) }
    }

    /// Whether one of the ranges shares a byte with `range`, and neither holds all of the other.
    package func crosses(_ range: AddressRange) -> Bool {
        !visit(0..<sorted.count, range) { sorted[$0].range.contains(range) || range.contains(sorted[$0].range) }
    }

    /// Whether one of the ranges holds every byte of `range`.
    package func hasContainer(of range: AddressRange) -> Bool {
        !visit(0..<sorted.count, range) { !sorted[$0].range.contains(range) }
    }

    /// What is left of `range` without the bytes of all of these, in address order.
    package func remainder(of range: AddressRange) -> [AddressRange] {
        var meeting: [AddressRange] = []
        _ = visit(0..<sorted.count, range) { index in
            meeting.append(sorted[index].range)
            return true
        }
        return range.subtracting(meeting)
    }

    /// What `range` shares with each of these, in their order.
    package func intersections(with range: AddressRange) -> [AddressRange] {
        var shared: [(place: Int, bytes: AddressRange)] = []
        _ = visit(0..<sorted.count, range) { index in
            if let bytes = sorted[index].range.intersection(range) { shared.append((sorted[index].place, bytes)) }
            return true
        }
        return shared.sorted { $0.place < $1.place }.map(\.bytes)
    }

    /// Whether both are made of the same ranges in the same order.
    package static func == (left: RangeIndex, right: RangeIndex) -> Bool {
        left.sorted.elementsEqual(right.sorted) { $0.range == $1.range && $0.place == $1.place }
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
