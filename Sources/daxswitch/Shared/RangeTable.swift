import Iomem

/// A row of a table of address ranges. A long table is folded: ranges next to each other in it of which the same is said become
/// one row.
struct RangeRow {
    /// The bytes; from the first to the last range where it stands for several.
    private var range: AddressRange
    private var size: UInt64
    /// How many ranges it stands for.
    private var count = 1
    /// What is said of each range of a folded row alike.
    private let shared: [String]
    /// What is said of one range alone, after the first of `shared`: a folded row has their number in its place.
    private var own: [String]
    /// What stands below the row.
    private let note: [Line]
    /// What the note is about: above `paragraphLimit` rows, only the first of those with the same topic has its note.
    private let topic: String

    init(_ range: AddressRange, shared: [String], own: [String] = [], note: [Line] = [], topic: String = "") {
        self.range = range
        size = range.size
        self.shared = shared
        self.own = own
        self.note = note
        self.topic = topic
    }

    private var cells: [String] {
        let own = count == 1 ? own : ["\(grouped(count)) ranges"] + own.dropFirst().map { _ in "" }
        return ["\(range)", sizeText(size)] + shared.prefix(1) + own + shared.dropFirst()
    }

    private func joined(_ other: RangeRow) -> RangeRow? {
        guard shared == other.shared, topic == other.topic, note.isEmpty == other.note.isEmpty,
            let range = AddressRange(start: range.start, end: other.range.end)
        else { return nil }
        var row = self
        row.range = range
        row.size = size.addingSaturated(other.size)
        row.count += other.count
        return row
    }

    /// The rows as lines.
    static func table(_ rows: [RangeRow], heads: [Line] = [], _ detail: Detail, style: Style) -> [Line] {
        var shown = rows
        if !detail.showsAll && rows.count > foldLimit {
            shown = rows.reduce(into: []) { folded, row in
                if let joined = folded.last?.joined(row) {
                    folded[folded.count - 1] = joined
                } else {
                    folded.append(row)
                }
            }
        }
        let folded = Folded(shown, detail)
        let head = heads.isEmpty ? [] : [heads]
        let lines = aligned(head + folded.shown.map { $0.cells.map { Line($0) } })
        var table = Array(lines.prefix(head.count))
        var topics: Set<String> = []
        for (row, line) in zip(folded.shown, lines.dropFirst(head.count)) {
            let isNew = row.note.isEmpty || topics.insert(row.topic).inserted
            table += [line] + (isNew || detail.showsAll || rows.count <= paragraphLimit ? row.note : [])
        }
        if !folded.hidden.isEmpty {
            table += folded.rest("ranges", count: \.count, size: \.size, detail, style)
        } else if shown.count < rows.count {
            table += wrapped(
                "\(grouped(rows.count)) ranges, alike ones in one row; \(detail.allOption) shows each",
                indent: 2
            )
        }
        return table
    }
}
