import Iomem

/// Why ranges are as they are: of two that overlap, the smaller is the newer.
///
/// Decisions are noted in address order at each probe, so a note takes O(log n), and O(n) only where a range lies
/// between others for the first time.
struct Decisions: Equatable, Sendable {
    /// What something is decided about, in address order, each range once.
    private(set) var ranges: [AddressRange] = []
    /// For each of them, the decision.
    private(set) var decisions: [Decision] = []

    /// Notes a decision about `range`: what was decided before for bytes within it counts no more.
    mutating func note(_ decision: Decision, about range: AddressRange) {
        let first = ranges.partitioningIndex { $0.start >= range.start }
        var end = first
        while end < ranges.count, ranges[end].start <= range.end { end += 1 }
        // Most ranges are apart from each other, and decided about again and again.
        if end == first {
            ranges.insert(range, at: first)
            decisions.insert(decision, at: first)
        } else if end == first + 1, ranges[first] == range {
            decisions[first] = decision
        } else {
            var kept = (first..<end).filter { !range.contains(ranges[$0]) }.map { (ranges[$0], decisions[$0]) }
            kept.append((range, decision))
            kept.sort { $0.0 < $1.0 }
            ranges.replaceSubrange(first..<end, with: kept.map(\.0))
            decisions.replaceSubrange(first..<end, with: kept.map(\.1))
        }
    }

    /// Whether something is decided about just this range.
    func has(_ range: AddressRange) -> Bool {
        let place = ranges.partitioningIndex { !($0 < range) }
        return place < ranges.count && ranges[place] == range
    }
}

/// Why a range has the owner it has.
struct Decision: Equatable, Sendable {
    /// The ids of the rules that decide.
    var rules: [String]
    var why: String
}

extension Decision {
    init(_ rules: [Rule], _ why: String) { self.init(rules: rules.map(\.id), why: why) }
}
