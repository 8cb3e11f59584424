/// Ranges in address order, made to find those that share a byte with another range without a look at all of them.
///
/// A firmware can list any number of ranges, and a question about each of them must not ask all others. Of n ranges, an index
/// is made in O(n) if they are given in address order, else in O(n log n). If none ends before an earlier one does, k answers are
/// found in O(k + log n); however they lie within each other, in O(k log n).
package struct RangeIndex: Sendable, Equatable {
    /// In address order.
    private let ranges: [AddressRange]
    /// The place that each had in what the index was made of; empty if that was in address order.
    private let order: [Int]
    /// The ranges are the nodes of a search tree, each in the middle of those below it: the last byte of all of these. Empty if
    /// no range ends before an earlier one does: those that share a byte with another range are neighbours then.
    private var reach: [UInt64]

    /// An index of `ranges`, which may overlap.
    package init(_ ranges: some Sequence<AddressRange>) {
        let given = Array(ranges)
        if given.isInAddressOrder {
            self.ranges = given
            order = []
        } else {
            let order = given.indices.sorted { left, right in
                given[left] != given[right] ? given[left] < given[right] : left < right
            }
            self.ranges = order.map { given[$0] }
            self.order = order
        }
        reach = []
        if !self.ranges.endsRise {
            reach = self.ranges.map(\.end)
            _ = measure(0..<self.ranges.count)
        }
    }

    private mutating func measure(_ part: Range<Int>) -> UInt64 {
        if part.isEmpty { return 0 }
        let middle = Self.middle(of: part)
        let last = max(
            ranges[middle].end,
            measure(part.lowerBound..<middle),
            measure(middle + 1..<part.upperBound)
        )
        reach[middle] = last
        return last
    }

    private static func middle(of part: Range<Int>) -> Int { part.lowerBound + part.count / 2 }

    /// Calls `body` with those that share a byte with `range`, in address order, until it returns false.
    private func visit(_ range: AddressRange, _ body: (Int) -> Bool) -> Bool {
        guard reach.isEmpty else { return visit(0..<ranges.count, range, body) }
        var index = ranges.partitioningIndex { $0.end >= range.start }
        while index < ranges.count, ranges[index].start <= range.end {
            if !body(index) { return false }
            index += 1
        }
        return true
    }

    private func visit(_ part: Range<Int>, _ range: AddressRange, _ body: (Int) -> Bool) -> Bool {
        if part.isEmpty { return true }
        let middle = Self.middle(of: part)
        guard reach[middle] >= range.start else { return true }
        guard visit(part.lowerBound..<middle, range, body) else { return false }
        let found = ranges[middle]
        guard found.start <= range.end else { return true }
        if found.end >= range.start, !body(middle) { return false }
        return visit(middle + 1..<part.upperBound, range, body)
    }

    private func place(_ index: Int) -> Int { order.isEmpty ? index : order[index] }

    /// The places, in the sequence that the index was made of and in its order, of the ranges that share a byte with `range`.
    package func places(overlapping range: AddressRange) -> [Int] {
        var places: [Int] = []
        _ = visit(range) { index in
            places.append(place(index))
            return true
        }
        return places.count > 1 && !order.isEmpty ? places.sorted() : places
    }

    /// The first of `places(overlapping:)`.
    package func first(overlapping range: AddressRange) -> Int? {
        var first: Int?
        _ = visit(range) { index in
            first = min(first ?? .max, place(index))
            return !order.isEmpty
        }
        return first
    }

    /// Whether one of the ranges shares a byte with `range`.
    package func overlaps(_ range: AddressRange) -> Bool {
        !visit(range) { _ in false }
    }

    /// Whether one of the ranges shares a byte with `range` and does not hold all of it.
    package func cuts(_ range: AddressRange) -> Bool {
        !visit(range) { ranges[$0].contains(range) }
    }

    /// Whether one of the ranges shares a byte with `range`, and neither holds all of the other.
    package func crosses(_ range: AddressRange) -> Bool {
        !visit(range) { ranges[$0].contains(range) || range.contains(ranges[$0]) }
    }

    /// Whether one of the ranges holds every byte of `range`.
    package func hasContainer(of range: AddressRange) -> Bool {
        !visit(range) { !ranges[$0].contains(range) }
    }

    /// What is left of `range` without the bytes of all of these, in address order.
    package func remainder(of range: AddressRange) -> [AddressRange] {
        var rest: [AddressRange] = []
        var next = range.start
        let isOpen = visit(range) { index in
            let other = ranges[index]
            guard other.end >= next else { return true }
            if other.start > next, let gap = AddressRange(start: next, end: other.start - 1) { rest.append(gap) }
            guard other.end < range.end else { return false }
            next = other.end + 1
            return true
        }
        if isOpen, let gap = AddressRange(start: next, end: range.end) { rest.append(gap) }
        return rest
    }

    /// What `range` shares with each of these, in their order.
    package func intersections(with range: AddressRange) -> [AddressRange] {
        var shared: [(place: Int, bytes: AddressRange)] = []
        _ = visit(range) { index in
            if let bytes = ranges[index].intersection(range) { shared.append((place(index), bytes)) }
            return true
        }
        if !order.isEmpty { shared.sort { $0.place < $1.place } }
        return shared.map(\.bytes)
    }

    /// Whether both are made of the same ranges in the same order.
    package static func == (left: RangeIndex, right: RangeIndex) -> Bool {
        left.ranges == right.ranges && left.order == right.order
    }
}

/// Things that have ranges, each any number of them, found by their bytes; as fast as a `RangeIndex` of all the ranges.
package struct HolderIndex: Sendable {
    private let index: RangeIndex
    /// For each range, the place of the thing that has it.
    private let holders: [Int]

    /// An index of things, of which each element has the ranges of one.
    package init(_ held: [[AddressRange]]) {
        var (ranges, holders): ([AddressRange], [Int]) = ([], [])
        ranges.reserveCapacity(held.count)
        holders.reserveCapacity(held.count)
        for (place, own) in held.enumerated() {
            for range in own {
                ranges.append(range)
                holders.append(place)
            }
        }
        index = RangeIndex(ranges)
        self.holders = holders
    }

    /// The places of those that share a byte with `range`, in order, each once.
    package func places(overlapping range: AddressRange) -> [Int] {
        var places = index.places(overlapping: range)
        var count = 0
        // Ranges of one thing are neighbours.
        for number in places.indices {
            let holder = holders[places[number]]
            if count > 0, places[count - 1] == holder { continue }
            places[count] = holder
            count += 1
        }
        places.removeLast(places.count - count)
        return places
    }

    /// The place of the first that shares a byte with `range`.
    package func first(overlapping range: AddressRange) -> Int? {
        index.first(overlapping: range).map { holders[$0] }
    }
}

extension [AddressRange] {
    /// Whether none lies before its predecessor.
    fileprivate var isInAddressOrder: Bool { indices.dropFirst().allSatisfy { !(self[$0] < self[$0 - 1]) } }

    /// Whether none ends before its predecessor.
    fileprivate var endsRise: Bool { indices.dropFirst().allSatisfy { self[$0 - 1].end <= self[$0].end } }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element satisfies `isBehind`; those that do are behind all that don't.
    @inlinable
    package func partitioningIndex(_ isBehind: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
