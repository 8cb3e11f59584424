import Iomem
import LinuxSystem
import Map
import Ownership

/// Draws the rows of a map in characters.
struct MapPen {
    private let style: Style
    /// The cells of a row.
    private let width: Int

    /// The most rows of names above a bar, or of marks below it.
    private static let rowsAtMost = 3

    init(_ style: Style, width: Int) {
        self.style = style
        self.width = width
    }

    /// A text at the cells that it is about.
    struct Mark {
        var text: String
        var cells: Range<Int>
        /// What goes on under the rest of the cells.
        var fill = "~"
        var emphasis: (Line) -> Line = { $0 }
    }

    /// Who has what: the letter in the first cell of each segment, its device and size where there is room.
    func bar(_ segments: [MemoryMap.Segment], after: Bool = false) -> Line {
        segments.reduce(into: "") { line, segment in
            let count = segment.cells.count
            guard let symbol = MapSymbol(segment, after: after) else {
                line += Line(String(repeating: " ", count: count))
                return
            }
            if symbol == .empty {
                line += style.faint(Line(String(repeating: style.isUTF8 ? "·" : symbol.letter, count: count)))
                return
            }
            let room = count - 3
            let label = segmentWords(segment, after: after).first { displayWidth($0) <= room }.map { " \($0) " } ?? ""
            // In colour the background shows how far it goes.
            let fill = style.hasColour ? " " : style.isUTF8 ? "━" : "="
            let used = 1 + displayWidth(label)
            let text = symbol.letter + label + String(repeating: fill, count: max(0, count - used))
            line += style.emphasised(Line(text), symbol.colours)
        }
    }

    /// Names over the cells that they are about, as `[region0--]`.
    func brackets(_ names: [(name: String, cells: Range<Int>)]) -> [Line] {
        let (left, line, right, single) = style.isUTF8 ? ("┌", "─", "┐", "╷") : ("[", "-", "]", "|")
        return rows(
            names.map { name, cells in
                let room = cells.count - 2
                let word = name.escaped()
                let rest = String(repeating: line, count: max(0, room - displayWidth(word)))
                if displayWidth(word) <= room { return Mark(text: left + word + rest + right, cells: cells) }
                let bracket = cells.count == 1 ? single : left + String(repeating: line, count: room) + right
                // Behind its cells, or before them if the row ends there.
                let fits = cells.lowerBound + cells.count + displayWidth(word) <= width
                guard !fits else { return Mark(text: bracket + word, cells: cells) }
                let start = max(0, cells.lowerBound - displayWidth(word))
                return Mark(text: word + bracket, cells: start..<cells.upperBound)
            }
        )
    }

    /// Marks under the cells that they are about, as `1~~~~`.
    func marks(_ marks: [Mark]) -> [Line] {
        rows(
            marks.map { mark in
                var mark = mark
                mark.text += String(repeating: mark.fill, count: max(0, mark.cells.count - displayWidth(mark.text)))
                return mark
            }
        )
    }

    /// Each mark where it belongs, in as few rows as they need.
    private func rows(_ marks: [Mark]) -> [Line] {
        let placed = marks.enumerated().map { place, mark -> (start: Int, place: Int, text: Line) in
            let text = mark.emphasis(Line(mark.text))
            return (max(0, min(mark.cells.lowerBound, width - text.width)), place, text)
        }.sorted { ($0.start, $0.place) < ($1.start, $1.place) }
        let rows = rowsApart(placed.map { $0.start..<$0.start + $0.text.width })
        return (0..<min((rows.max() ?? -1) + 1, Self.rowsAtMost)).map { row in
            zip(placed, rows).filter { $0.1 == row }.reduce("") { line, mark in
                line + Line(String(repeating: " ", count: mark.0.start - line.width)) + mark.0.text
            }
        }
    }

    /// A letter in its colours, for the legend.
    func sample(_ symbol: MapSymbol) -> Line {
        symbol == .empty && style.isUTF8 ? "·" : style.emphasised(Line(symbol.letter), symbol.colours)
    }
}

/// What can stand in a segment behind its letter, the longest first.
func segmentWords(_ segment: MemoryMap.Segment, after: Bool) -> [String] {
    if segment.count > 1 { return [counted(segment.count, "range"), "\(segment.count)"] }
    let size = sizeText(segment.range.size)
    let device = after ? nil : segment.owned?.device?.escaped()
    return (device.map { ["\($0) \(size)"] } ?? []) + [size]
}
