import LinuxSystem

/// Rows of cells as lines with aligned columns, two spaces apart and two from the left.
func aligned(_ rows: [[Line]]) -> [Line] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
        rows.compactMap { column < $0.count ? $0[column].width : nil }.max() ?? 0
    }
    return rows.map { Line(Row(cells: $0, widths: widths)) }
}

/// The same for cells without emphasis.
func aligned(_ rows: [[String]]) -> [Line] { aligned(rows.map { $0.map { Line($0) } }) }

/// A row of a table.
struct Row: Equatable {
    /// The cells; those at the end may be missing.
    private var cells: [Line]
    /// The widest cell of each column of the table.
    private let widths: [Int]

    /// The columns between two cells, and before the first.
    private static let gap = 2
    /// The columns before the first cell of each line but the first, where a row takes several.
    private static let foldedIndent = 4
    /// The fewest columns that a cell of many words is broken in.
    private static let narrowest = 16

    init(cells: [Line], widths: [Int]) {
        self.cells = cells
        self.widths = widths
    }

    mutating func emphasise(_ numbers: String) { cells = cells.map { $0.emphasised(numbers) } }

    /// All cells in one line.
    var line: Line { Self.joined(cells, widths, indent: Self.gap) }

    /// The row in lines of at most `width` columns; all rows of a table are broken at the same columns.
    func broken(at width: Int) -> [Line] {
        var lines: [Line] = []
        var first = 0
        while first < widths.count {
            let indent = first == 0 ? Self.gap : Self.foldedIndent
            let (last, lastWidth) = band(from: first, room: width - indent)
            if first < cells.count {
                lines += self.lines(first..<last + 1, lastWidth, indent: indent).filter { first == 0 || $0.width > 0 }
            }
            first = last + 1
        }
        return lines.isEmpty ? [""] : lines
    }

    /// The last column that has room on a line with column `first`, and the width that it has there.
    private func band(from first: Int, room: Int) -> (last: Int, width: Int) {
        var used = 0
        for column in first..<widths.count {
            let left = room - used
            // The last column may be broken to fit, any other only if it is alone.
            let isShrinking = column == first || column == widths.count - 1 && left >= Self.narrowest
            guard widths[column] <= left || isShrinking else { return (column - 1, widths[column - 1]) }
            if widths[column] > left { return (column, max(left, 1)) }
            used += widths[column] + Self.gap
        }
        return (widths.count - 1, widths[widths.count - 1])
    }

    private func lines(_ columns: Range<Int>, _ lastWidth: Int, indent: Int) -> [Line] {
        let shown = columns.map { $0 < cells.count ? cells[$0] : "" }
        let shownWidths = Array(widths[columns])
        guard let last = shown.last, last.width > lastWidth else {
            return [Self.joined(shown, shownWidths, indent: indent)]
        }
        let pieces = last.pieces(of: lastWidth)
        let margin = indent + shownWidths.dropLast().reduce(0) { $0 + $1 + Self.gap }
        return [Self.joined(shown.dropLast() + pieces.prefix(1), shownWidths, indent: indent)]
            + pieces.dropFirst().map { Line(String(repeating: " ", count: margin)) + $0 }
    }

    private static func joined(_ cells: [Line], _ widths: [Int], indent: Int) -> Line {
        // Nothing follows the last cell that isn't empty.
        let filled = (cells.lastIndex { $0.width > 0 } ?? -1) + 1
        guard filled > 0 else { return "" }
        var line = Line(String(repeating: " ", count: indent))
        for (index, cell) in cells.prefix(filled).enumerated() {
            line += cell
            if index + 1 < filled { line += Line(String(repeating: " ", count: widths[index] - cell.width + gap)) }
        }
        return line
    }
}

/// A text as a paragraph: a line after `indent` spaces, with one blank between words.
func wrapped(_ text: String, indent: Int) -> [Line] {
    let words = text.split(separator: " ").joined(separator: " ")
    return words.isEmpty ? [] : [Line(String(repeating: " ", count: indent) + words)]
}

/// A paragraph that begins with an emphasised word and a colon, as `Fix: …`.
func wrapped(_ text: String, after word: Line, indent: Int) -> [Line] {
    [wrapped(text, indent: 0).reduce(Line(String(repeating: " ", count: indent)) + word + ": ", +)]
}

/// A sentence with its full stop, which messages in documents don't have.
func ended(_ text: String) -> String { text.hasSuffix(".") ? text : text + "." }

/// A count with its noun: `1 step`, `3 steps`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
