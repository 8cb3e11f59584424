import LinuxSystem

/// A report as Markdown, as GitHub and GitLab show it (https://github.github.com/gfm/).
///
/// What comes from a machine is text and nothing else there: no HTML, no link, no emphasis, no cell of its own.
struct ReportMarkdown {
    private var text = ""

    /// The whole document.
    static func document(_ report: ReportContent) -> String {
        var document = ReportMarkdown()
        document.write(report)
        return document.text
    }

    private mutating func write(_ report: ReportContent) {
        text += "# \(Self.inline(report.title))\n\n**\(Self.inline(report.verdict.text))**\n\n"
        write(report.facts)
        for section in report.sections {
            text += "## \(Self.inline(section.heading))\n\n"
            for block in section.blocks { write(block) }
        }
    }

    private mutating func write(_ block: ReportContent.Block) {
        switch block {
        case .paragraph(let words): text += Self.inline(words) + "\n\n"
        case .facts(let facts): write(facts)
        case .table(let table): write(table)
        case .steps(let steps):
            for (index, step) in steps.enumerated() {
                text += "\(index + 1). \(Self.inline(step.sentence)) (\(Self.code(step.word)))\n"
            }
            text += "\n"
        case .list(let items): text += items.map { "- \(Self.inline($0))\n" }.joined() + "\n"
        case .notice(let notice): write(notice)
        case .lines(let lines): write(lines: lines)
        case .figure(_, let caption, let lines):
            write(lines: lines)
            text += Self.inline(caption) + "\n\n"
        }
    }

    private mutating func write(_ facts: [ReportContent.Fact]) {
        text += facts.map { "- \(Self.inline($0.name)): \(Self.inline($0.value))\n" }.joined() + "\n"
    }

    private mutating func write(_ table: ReportContent.Table) {
        func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |\n" }
        text += "**\(Self.inline(table.caption))**\n\n"
        text += line(table.columns.map { Self.inline($0.heading) })
        text += line(table.columns.map { $0.isNumber ? "---:" : "---" })
        for row in table.shown {
            text += line(
                zip(table.columns, row).map { column, cell in
                    column.isCode && !cell.text.isEmpty ? Self.code(cell.text) : Self.inline(cell.text)
                }
            )
        }
        text += "\n" + (table.rest.map { Self.inline($0) + "\n\n" } ?? "")
    }

    private mutating func write(_ notice: ReportContent.Notice) {
        text +=
            "### \(Self.inline((notice.number.map { "\($0). " } ?? "") + "\(notice.id) (\(notice.severity)): \(notice.subject)"))\n\n"
        text += Self.inline(notice.what) + "\n\n"
        if !notice.consequences.isEmpty { text += notice.consequences.map { "- \(Self.inline($0))\n" }.joined() + "\n" }
        if !notice.evidence.isEmpty { write(lines: notice.evidence) }
        text += "**Fix:** \(Self.inline(notice.fix))\n\n"
    }

    /// Lines as they are; the fence is longer than any that they hold.
    private mutating func write(lines: [String]) {
        let lines = lines.map { $0.escaped() }
        let fence = String(repeating: "`", count: max(3, (lines.map(Self.longestRun).max() ?? 0) + 1))
        text += fence + "text\n" + lines.map { $0 + "\n" }.joined() + fence + "\n\n"
    }

    /// The most backquotes in a row.
    private static func longestRun(_ line: String) -> Int {
        var (longest, run) = (0, 0)
        for byte in line.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }

    /// Words as one line, with what Markdown acts on escaped.
    static func inline(_ words: String) -> String {
        ReportText.parts(of: words).map { part in
            switch part {
            case .words(let words): escaped(words)
            case .command(let command): code(command)
            }
        }.joined()
    }

    /// A code span. In a table a bar would end the cell, also in there.
    private static func code(_ words: String) -> String {
        let words = words.escaped()
        let fence = String(repeating: "`", count: longestRun(words) + 1)
        let space = words.utf8.first == UInt8(ascii: "`") || words.utf8.last == UInt8(ascii: "`") ? " " : ""
        let span = fence + space + words + space + fence
        return span.utf8.contains(UInt8(ascii: "|")) ? escaped(words) : span
    }

    /// Every mark with a meaning, behind a backslash. An underscore between letters has none.
    private static func escaped(_ words: String) -> String {
        var result = ""
        let bytes = Array(words.utf8)
        var index = 0
        for scalar in words.unicodeScalars {
            defer { index += UTF8.width(scalar) }
            switch scalar {
            case "\\", "`", "*", "[", "<", "|", "~", "&", "$": result += "\\"
            case "_" where !isBetweenLetters(bytes, index): result += "\\"
            // No address becomes a link by itself, and nobody is called.
            case ":" where bytes[(index + 1)...].starts(with: "//".utf8): result += "\\"
            case "@": result += "\\"
            case "." where index >= 3 && bytes[(index - 3)..<index].elementsEqual("www".utf8): result += "\\"
            // At the begin these would make a list, a heading or a quotation.
            case "+" where index == 0, "-" where index == 0, "#" where index == 0, ">" where index == 0: result += "\\"
            case "." where isNumber(bytes[..<index]), ")" where isNumber(bytes[..<index]): result += "\\"
            default: break
            }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    private static func isNumber(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isBetweenLetters(_ bytes: [UInt8], _ index: Int) -> Bool {
        func isLetter(_ place: Int) -> Bool {
            guard bytes.indices.contains(place) else { return false }
            let byte = bytes[place]
            return (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf)
        }
        return isLetter(index - 1) && isLetter(index + 1)
    }
}
