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
    let note: [Line]

    /// The most rows, unless all are asked for.
    private static let atMost = 40

    init(_ range: AddressRange, shared: [String], own: [String] = [], note: [Line] = []) {
        self.range = range
        size = range.size
        self.shared = shared
        self.own = own
        self.note = note
    }

    private var cells: [String] {
        let own = count == 1 ? own : ["\(count) ranges"] + own.dropFirst().map { _ in "" }
        return ["\(range)", sizeText(size)] + shared.prefix(1) + own + shared.dropFirst()
    }

    private func joined(_ other: RangeRow) -> RangeRow? {
        guard shared == other.shared, note == other.note,
            let range = AddressRange(start: range.start, end: other.range.end)
        else { return nil }
        var row = self
        row.range = range
        row.size = size.addingSaturated(other.size)
        row.count += other.count
        return row
    }

    /// The rows as lines.
    ///
    /// - Parameter showsAll: Nothing is folded, however long the table is.
    static func table(_ rows: [RangeRow], heads: [Line] = [], showsAll: Bool) -> [Line] {
        var shown = rows
        if !showsAll && rows.count > atMost {
            shown = rows.reduce(into: []) { folded, row in
                if let joined = folded.last?.joined(row) {
                    folded[folded.count - 1] = joined
                } else {
                    folded.append(row)
                }
            }
        }
        let hidden = showsAll ? [] : shown.dropFirst(atMost)
        shown.removeLast(hidden.count)
        let head = heads.isEmpty ? [] : [heads]
        let lines = aligned(head + shown.map { $0.cells.map { Line($0) } })
        var table = Array(lines.prefix(head.count))
        for (row, line) in zip(shown, lines.dropFirst(head.count)) { table += [line] + row.note }
        if !hidden.isEmpty {
            let count = hidden.reduce(0) { $0 + $1.count }
            let size = sizeText(hidden.reduce(0) { $0.addingSaturated($1.size) })
            table += wrapped("\(counted(count, "more range")), \(size): --all shows them.", indent: 2)
        } else if shown.count < rows.count {
            table += wrapped("\(rows.count) ranges, alike ones in one row: --all shows each.", indent: 2)
        }
        return table
    }
}
