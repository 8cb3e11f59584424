import Iomem

/// Why ranges are as they are: of two that overlap, the smaller is the newer.
///
/// Decisions are noted in address order at each probe, so a note takes O(log n), and O(n) only where a range lies
/// between others for the first time.
struct Decisions: Equatable, Sendable {
    /// One decision with its range.
    struct Entry: Equatable, Sendable {
        var range: AddressRange
        var decision: Decision
    }

    /// In address order, each range once.
    private(set) var entries: [Entry] = []

    /// Notes a decision about `range`: what was decided before for bytes within it counts no more.
    mutating func note(_ decision: Decision, about range: AddressRange) {
        let first = entries.partitioningIndex { $0.range.start >= range.start }
        var end = first
        var kept: [Entry] = []
        while end < entries.count, entries[end].range.start <= range.end {
            if !range.contains(entries[end].range) { kept.append(entries[end]) }
            end += 1
        }
        kept.append(Entry(range: range, decision: decision))
        if kept.count > 1 { kept.sort { $0.range < $1.range } }
        entries.replaceSubrange(first..<end, with: kept)
    }

    /// Whether something is decided about just this range.
    func has(_ range: AddressRange) -> Bool {
        let place = entries.partitioningIndex { !($0.range < range) }
        return place < entries.count && entries[place].range == range
    }
}

/// Why a range has the owner it has.
struct Decision: Equatable, Sendable {
    var rules: [String]
    var why: String
}
