import Iomem

/// Rows of cells as lines with aligned columns, two spaces apart and two from the left.
func aligned(_ rows: [[String]]) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
        rows.compactMap { column < $0.count ? $0[column].count : nil }.max() ?? 0
    }
    return rows.map { row in
        let cells = zip(row, widths).map { cell, width in
            cell + String(repeating: " ", count: max(0, width - cell.count))
        }
        return withoutTrailingSpaces("  " + cells.joined(separator: "  "))
    }
}

/// A text in lines of at most `width` columns, each after `indent` spaces.
func wrapped(_ text: String, indent: Int, width: Int = 100) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty && indent + line.count + 1 + word.count > width {
            lines.append(margin + line)
            line = String(word)
        } else {
            line += line.isEmpty ? String(word) : " \(word)"
        }
    }
    return line.isEmpty ? lines : lines + [margin + line]
}

/// A size in the largest binary unit that divides it: `512 MiB`.
func sizeText(_ bytes: UInt64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)]
    for (unit, shift) in units where bytes >= 1 << shift && bytes.isMultiple(of: 1 << shift) {
        return "\(bytes >> shift) \(unit)"
    }
    return "\(bytes) B"
}

/// A size that needs not be exact, in MiB.
func mebibytes(_ bytes: UInt64) -> String { "\(bytes >> 20) MiB" }

/// A count with its noun: `1 step`, `3 steps`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

private func withoutTrailingSpaces(_ line: String) -> String {
    String(line.reversed().drop { $0 == " " }.reversed())
}
