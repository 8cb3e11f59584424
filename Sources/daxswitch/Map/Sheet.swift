import LinuxSystem
import Map

/// The measures of a picture, in its own units, and what its classes look like.
enum PictureStyle {
    /// The cells of a bar.
    static let cells = 440
    static let cellWidth = 2
    static let barHeight = 24
    static let lineHeight = 18
    static let margin = 16
    /// What is before a bar that says `now` and `after`.
    static let labelWidth = 48
    /// The columns of a character, of a monospaced font of this size.
    static let characterWidth = 8
    static let fontSize = 13

    /// Blue, orange and the others are those of Okabe and Ito, which people with any colour vision tell apart
    /// (https://jfly.uni-koeln.de/color/). A letter says the same as each colour.
    static let rules = """
        .dm{font:\(fontSize)px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
        .dm .g{fill:#fff}.dm .t,.dm .l{fill:#1f2328}.dm .n,.dm .e{fill:#4d5560}.dm .c{fill:#1f2328}
        .dm .b{fill:#b3261e}.dm .w{fill:#7a4d00}.dm path{fill:none;stroke-width:1.5}
        .dm path.n{stroke:#4d5560}.dm path.c{stroke:#1f2328}.dm path.b{stroke:#b3261e}.dm path.w{stroke:#7a4d00}
        .dm rect{stroke:#fff;stroke-width:1}.dm .cxl{fill:#0072b2}.dm .hmem{fill:#e69f00}.dm .both{fill:#cc79a7}
        .dm .none{fill:#d55e00}.dm .kernel{fill:#b0b7bf}.dm .region{fill:#009e73}
        .dm .several,.dm .unknown,.dm .uncertain{fill:#f0e442}.dm .empty{fill:#eaeef2}
        .dm text.on{fill:#000}.dm text.cxl{fill:#fff}
        @media screen and (prefers-color-scheme:dark){.dm .g{fill:#0d1117}.dm .t,.dm .l{fill:#e6edf3}.dm .n,.dm .e{fill:#a6b0bb}
        .dm .c{fill:#e6edf3}.dm .b{fill:#ff8a80}.dm .w{fill:#f0c674}.dm path.n{stroke:#a6b0bb}.dm path.c{stroke:#e6edf3}
        .dm path.b{stroke:#ff8a80}.dm path.w{stroke:#f0c674}.dm rect{stroke:#0d1117}.dm .empty{fill:#21262d}
        .dm text.on{fill:#000}.dm text.cxl{fill:#fff}}
        """
}

/// A sheet that a map is drawn on from top to bottom.
struct Sheet {
    private var body = ""
    /// Where the next thing is drawn.
    private var top = PictureStyle.margin
    /// Where bars begin.
    private let left: Int
    private let width: Int

    init(hasLabels: Bool) {
        left = PictureStyle.margin + (hasLabels ? PictureStyle.labelWidth : 0)
        // All pictures are as wide, whether there are labels or not.
        width =
            PictureStyle.margin + PictureStyle.labelWidth + PictureStyle.cells * PictureStyle.cellWidth
            + PictureStyle.margin
    }

    /// A text at cells of a bar.
    struct Mark {
        let text: String
        let cells: Range<Int>
        let classes: String
    }

    mutating func advance(by height: Int) { top += height }

    /// A line of text.
    mutating func text(_ text: String, at indent: Int, classes: String) {
        add(
            "text",
            "x=\"\(PictureStyle.margin + indent)\" y=\"\(top + PictureStyle.fontSize)\" class=\"\(classes)\"",
            text
        )
        top += PictureStyle.lineHeight
    }

    /// A word before the bar that is drawn next.
    mutating func label(_ word: String) {
        add("text", "x=\"\(PictureStyle.margin)\" y=\"\(baseline)\" class=\"l\"", word)
    }

    private var baseline: Int { top + (PictureStyle.barHeight + PictureStyle.fontSize) / 2 - 2 }

    /// A part of a bar with the first of `labels` that has room in it.
    mutating func box(_ cells: Range<Int>, symbol: MapSymbol, labels: [String], title: String) {
        let (x, width) = (x(cells.lowerBound), cells.count * PictureStyle.cellWidth)
        body +=
            "<rect x=\"\(x)\" y=\"\(top)\" width=\"\(width)\" height=\"\(PictureStyle.barHeight)\" "
            + "class=\"\(symbol.name)\"><title>\(xmlText(title))</title></rect>\n"
        guard let label = labels.first(where: { textWidth($0) + 6 <= width }) else { return }
        add("text", "x=\"\(x + 4)\" y=\"\(baseline)\" class=\"on \(symbol.name)\"", label)
    }

    /// Marks above or below a bar, in as many rows as they need.
    mutating func marks(_ marks: [Mark], isAbove: Bool) {
        let placed = marks.map { mark -> (mark: Mark, x: Int, span: Range<Int>) in
            let start = x(mark.cells.lowerBound)
            let end = x(mark.cells.upperBound)
            let text = max(PictureStyle.margin, min(start, width - PictureStyle.margin - textWidth(mark.text)))
            // The text has a blank behind it, the line needs none.
            let textEnd = text + textWidth(mark.text) + PictureStyle.characterWidth / 2
            return (mark, text, min(start, text)..<max(end, textEnd))
        }.sorted { $0.span.lowerBound < $1.span.lowerBound }
        let rows = rowsApart(placed.map(\.span))
        guard let last = rows.max() else { return }
        for (place, row) in zip(placed, rows) {
            let line = top + (isAbove ? (row + 1) * Self.markHeight - 2 : row * Self.markHeight + 2)
            let (from, to) = (x(place.mark.cells.lowerBound) + 1, x(place.mark.cells.upperBound) - 1)
            body += "<path class=\"\(place.mark.classes)\" d=\"M\(from) \(line)H\(max(to, from + 1))\"/>\n"
            let baseline = isAbove ? line - 4 : line + PictureStyle.fontSize
            add("text", "x=\"\(place.x)\" y=\"\(baseline)\" class=\"\(place.mark.classes)\"", place.mark.text)
        }
        top += (last + 1) * Self.markHeight
    }

    private static let markHeight = 20

    /// What the letters and colours mean.
    mutating func legend(_ symbols: [MapSymbol]) {
        var x = PictureStyle.margin
        for symbol in symbols {
            let text = symbol == .empty ? symbol.meaning : "\(symbol.letter) \(symbol.meaning)"
            let needed = 20 + textWidth(text) + 20
            if x + needed > width && x > PictureStyle.margin {
                x = PictureStyle.margin
                top += PictureStyle.lineHeight + 4
            }
            body += "<rect x=\"\(x)\" y=\"\(top)\" width=\"14\" height=\"14\" class=\"\(symbol.name)\"/>\n"
            add("text", "x=\"\(x + 20)\" y=\"\(top + 12)\" class=\"t\"", text)
            x += needed
        }
        if !symbols.isEmpty { top += PictureStyle.lineHeight + 6 }
    }

    /// The whole picture.
    func svg(title: String, description: String, hasStyle: Bool = true) -> String {
        let style = hasStyle ? "<style>\(PictureStyle.rules)</style>\n" : ""
        let height = top + PictureStyle.margin - 6
        return """
            <svg xmlns="http://www.w3.org/2000/svg" class="dm" role="img" viewBox="0 0 \(width) \(height)" width="\(width)" \
            height="\(height)">
            <title>\(xmlText(title))</title>
            <desc>\(xmlText(description))</desc>
            \(style)<rect class="g" width="\(width)" height="\(height)"/>
            \(body)</svg>

            """
    }

    private func x(_ cell: Int) -> Int { left + cell * PictureStyle.cellWidth }

    private func textWidth(_ text: String) -> Int { displayWidth(text.escaped()) * PictureStyle.characterWidth }

    private mutating func add(_ element: String, _ attributes: String, _ text: String) {
        body += "<\(element) \(attributes)>\(xmlText(text))</\(element)>\n"
    }
}

/// A text within an element or an attribute of XML and HTML. What a terminal would act on is written visibly, and so no character is
/// left that XML does not allow.
func xmlText(_ text: String) -> String {
    text.escaped().unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        // Noncharacters (https://infra.spec.whatwg.org/#noncharacter).
        case _ where scalar.value & 0xfffe == 0xfffe || (0xfdd0...0xfdef).contains(scalar.value): result += "\u{fffd}"
        default: result.unicodeScalars.append(scalar)
        }
    }
}
