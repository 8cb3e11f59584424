/// A report as one HTML file that needs nothing else: no script, no font, no picture from elsewhere, and a policy in its
/// head that lets a browser load none.
struct ReportHTML {
    private var text = ""

    /// The whole document.
    static func document(_ report: ReportContent) -> String {
        var document = ReportHTML()
        document.write(report)
        return document.text
    }

    private mutating func write(_ report: ReportContent) {
        text += """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="color-scheme" content="light dark">
            <meta name="referrer" content="no-referrer">
            <meta name="generator" content="daxswitch \(xmlText(Daxswitch.version))">
            <title>\(xmlText(report.title))</title>
            <style>
            \(ReportStyleSheet.text)
            \(PictureStyle.rules)
            </style>
            </head>
            <body>
            <header>
            <h1>\(xmlText(report.title))</h1>
            <p class="verdict \(report.verdict.tone.rawValue)">\(Self.inline(report.verdict.text))</p>

            """
        write(report.facts)
        text += "</header>\n"
        writeContents(report.sections)
        text += "<main>\n"
        for section in report.sections { write(section) }
        text += "</main>\n</body>\n</html>\n"
    }

    private mutating func writeContents(_ sections: [ReportContent.Section]) {
        text += "<nav aria-label=\"Contents\">\n<ul>\n"
        for section in sections {
            text += "<li><a href=\"#\(section.anchor)\">\(xmlText(section.heading))</a></li>\n"
        }
        text += "</ul>\n</nav>\n"
    }

    private mutating func write(_ section: ReportContent.Section) {
        text += "<section id=\"\(section.anchor)\">\n<h2>\(xmlText(section.heading))</h2>\n"
        for block in section.blocks { write(block) }
        text += "</section>\n"
    }

    private mutating func write(_ block: ReportContent.Block) {
        switch block {
        case .paragraph(let words): text += "<p>\(Self.inline(words))</p>\n"
        case .facts(let facts): write(facts)
        case .table(let table): write(table)
        case .steps(let steps):
            text += "<ol>\n"
            for step in steps {
                text += "<li>\(Self.inline(step.sentence)) <code>\(xmlText(step.word))</code></li>\n"
            }
            text += "</ol>\n"
        case .list(let items):
            text += "<ul>\n" + items.map { "<li>\(Self.inline($0))</li>\n" }.joined() + "</ul>\n"
        case .notice(let notice): write(notice)
        case .lines(let lines): write(lines: lines)
        case .figure(let svg, let caption, _):
            text += "<figure tabindex=\"0\">\n\(svg)\n<figcaption>\(Self.inline(caption))</figcaption>\n</figure>\n"
        }
    }

    private mutating func write(_ facts: [ReportContent.Fact]) {
        if facts.isEmpty { return }
        text += "<dl>\n"
        for fact in facts {
            text += "<dt>\(xmlText(fact.name))</dt>\n<dd>\(Self.inline(fact.value))</dd>\n"
        }
        text += "</dl>\n"
    }

    /// It can be scrolled by keyboard where it is wider than the page.
    private mutating func write(_ table: ReportContent.Table) {
        let caption = xmlText(table.caption)
        text += "<div class=\"wide\" role=\"region\" aria-label=\"\(caption)\" tabindex=\"0\">\n<table>\n"
        text += "<caption>\(caption)</caption>\n<thead>\n<tr>"
        text += table.columns.map { "<th scope=\"col\"\(Self.classes($0))>\(xmlText($0.heading))</th>" }.joined()
        text += "</tr>\n</thead>\n<tbody>\n"
        for row in table.shown {
            text += "<tr>"
            for (column, cell) in zip(table.columns, row) {
                text += "<td\(Self.classes(column, cell.tone))>"
                text += column.isCode ? xmlText(cell.text) : Self.inline(cell.text)
                text += "</td>"
            }
            text += "</tr>\n"
        }
        text += "</tbody>\n</table>\n</div>\n"
        if let rest = table.rest { text += "<p>\(Self.inline(rest))</p>\n" }
    }

    private static func classes(_ column: ReportContent.Table.Column, _ tone: ReportContent.Tone = .plain) -> String {
        let classes =
            (column.isCode ? ["code"] : []) + (column.isNumber ? ["number"] : [])
            + (tone == .plain ? [] : [tone.rawValue])
        return classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
    }

    private mutating func write(_ notice: ReportContent.Notice) {
        text += "<article class=\"notice \(notice.tone.rawValue)\">\n"
        let number = notice.number.map { "\($0). " } ?? ""
        text +=
            "<h3>\(number)<code>\(xmlText(notice.id))</code> <span class=\"severity\">\(xmlText(notice.severity))</span> "
        text += "\(xmlText(notice.subject))</h3>\n<p>\(Self.inline(notice.what))</p>\n"
        if !notice.consequences.isEmpty { write(.list(notice.consequences)) }
        if !notice.evidence.isEmpty { write(lines: notice.evidence) }
        text += "<p><strong>Fix:</strong> \(Self.inline(notice.fix))</p>\n</article>\n"
    }

    private mutating func write(lines: [String]) {
        text += "<pre>" + lines.map(xmlText).joined(separator: "\n") + "</pre>\n"
    }

    /// Words and commands.
    static func inline(_ words: String) -> String {
        ReportText.parts(of: words).map { part in
            switch part {
            case .words(let words): xmlText(words)
            case .command(let command): "<code>\(xmlText(command))</code>"
            }
        }.joined()
    }
}
