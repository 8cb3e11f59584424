import LinuxSystem

/// Rows of cells as lines with aligned columns, two spaces apart and two from the left.
func aligned(_ rows: [[Line]]) -> [Line] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
        rows.compactMap { column < $0.count ? $0[column].width : nil }.max() ?? 0
    }
    return rows.map { row in
        // Nothing follows the last cell that isn't empty.
        let filled = (row.lastIndex { $0.width > 0 } ?? -1) + 1
        var line: Line = " "
        for (index, cell) in row.prefix(filled).enumerated() {
            line += " " + cell
            if index + 1 < filled { line += Line(String(repeating: " ", count: widths[index] - cell.width + 1)) }
        }
        return filled == 0 ? "" : line
    }
}

/// The same for cells without emphasis.
func aligned(_ rows: [[String]]) -> [Line] { aligned(rows.map { $0.map { Line($0) } }) }

/// A text in lines of at most `width` columns, each after `indent` spaces.
func wrapped(_ text: String, indent: Int, width: Int = 100) -> [Line] {
    let margin = String(repeating: " ", count: indent)
    var lines: [Line] = []
    var line = ""
    // What is escaped takes more columns.
    for word in text.escaped().split(separator: " ") {
        if !line.isEmpty && indent + line.count + 1 + word.count > width {
            lines.append(Line(margin + line))
            line = String(word)
        } else {
            line += line.isEmpty ? String(word) : " \(word)"
        }
    }
    return line.isEmpty ? lines : lines + [Line(margin + line)]
}

/// A count with its noun: `1 step`, `3 steps`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
