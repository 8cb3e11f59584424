import Iomem

/// Why ranges are as they are: of two that overlap, the smaller is the newer.
///
/// A note takes O(log n), and O(n) where a range lies between others for the first time: a step that decides about many ranges
/// notes all of them at once.
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

    /// Notes what was decided about many ranges, one after the other: as `note(_:about:)` for each of them does, but m of them among n
    /// take O((n + m) log(n + m)), if few of them overlap.
    mutating func note(_ made: [(range: AddressRange, decision: Decision)]) {
        if made.count < 2 { return made.forEach { note($0.decision, about: $0.range) } }
        // By time, those from before first; only numbers are sorted.
        let decided = decisions + made.map(\.decision)
        var all = (ranges + made.map(\.range)).enumerated().map { (range: $1, time: $0) }
        // Whatever holds a range comes before it, and of equals the newest.
        all.sort { $0.range == $1.range ? $0.time > $1.time : $0.range < $1.range }
        var open: [(end: UInt64, time: Int)] = []
        ranges.removeAll(keepingCapacity: true)
        decisions.removeAll(keepingCapacity: true)
        for (range, time) in all {
            open.removeAll { $0.end < range.start }
            if open.contains(where: { $0.end >= range.end && $0.time > time }) { continue }
            open.append((range.end, time))
            ranges.append(range)
            decisions.append(decided[time])
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
