import FoundationEssentials
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

/// How text is emphasised: in colour on a terminal, else not at all.
struct Style {
    /// Whether escape sequences are written.
    let hasColour: Bool

    /// What the environment and standard output allow: NO_COLOR and TERM=dumb are respected.
    static var current: Style {
        let environment = ProcessInfo.processInfo.environment
        let isWanted = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        return Style(hasColour: Output.isTerminal && isWanted)
    }

    /// A heading.
    func strong(_ text: String) -> String { sequence("1", text) }
    /// Something that went well.
    func good(_ text: String) -> String { sequence("32", text) }
    /// Something to look at.
    func careful(_ text: String) -> String { sequence("33", text) }
    /// Something that went wrong.
    func bad(_ text: String) -> String { sequence("31", text) }
    /// Something that explains.
    func faint(_ text: String) -> String { sequence("2", text) }

    private func sequence(_ code: String, _ text: String) -> String {
        hasColour ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
