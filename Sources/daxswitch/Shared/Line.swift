import LinuxSystem

/// A line for people, with parts that are emphasised.
///
/// Whatever a line is made of is escaped as it enters: names of files, processes and devices come from outside, and an
/// escape sequence in one of them must not reach a terminal. The only sequences that a line is written with are those of
/// `Style`.
///
/// A line is as long as what it says. `broken(at:)` makes it fit a terminal.
struct Line: Equatable {
    /// A part of a line, already escaped.
    private struct Part: Equatable {
        var text: String
        /// The numbers of the SGR sequence (ECMA-48) that emphasises it; nil: none.
        var emphasis: String?
    }

    private var parts: [Part]
    /// The columns of the table whose row it is; nil: it is no row.
    private var row: Row?
    /// It is never broken.
    private var isQuoted = false

    /// A line with this text, escaped.
    init(_ text: some StringProtocol) { parts = text.isEmpty ? [] : [Part(text: text.escaped(), emphasis: nil)] }

    /// A line of a file, after `margin`: it stays as it is in the file, however long it is.
    init(quoting text: some StringProtocol, after margin: String) {
        self.init(margin + text)
        isQuoted = true
    }

    /// A row of a table.
    init(_ row: Row) {
        parts = row.line.parts
        self.row = row
    }

    /// The columns that it takes: an emphasis takes none.
    var width: Int { parts.reduce(0) { $0 + displayWidth($1.text) } }

    /// What it says, without emphasis.
    var text: String { parts.map(\.text).joined() }

    /// What is written.
    var rendered: String {
        parts.map { part in part.emphasis.map { "\u{1b}[\($0)m\(part.text)\u{1b}[0m" } ?? part.text }.joined()
    }

    /// All of the line with an emphasis, but for parts that have their own.
    func emphasised(_ numbers: String) -> Line {
        var line = self
        for index in line.parts.indices where line.parts[index].emphasis == nil { line.parts[index].emphasis = numbers }
        line.row?.emphasise(numbers)
        return line
    }

    static func + (left: Line, right: Line) -> Line {
        var line = left
        line += right
        return line
    }

    static func += (left: inout Line, right: Line) {
        left.parts += right.parts
        left.row = nil
    }
}

extension Line: ExpressibleByStringInterpolation {
    init(stringLiteral value: String) { self.init(value) }
}

extension Line {
    /// The same in lines of at most `width` columns: a row folds at its columns, other text between words, and words that
    /// are longer than a line within. What follows the first line is indented as that is, and behind the number of an item.
    func broken(at width: Int) -> [Line] {
        if let row { return row.broken(at: width) }
        guard self.width > width, !isQuoted else { return [self] }
        let margin = min(text.utf8.prefix { $0 == UInt8(ascii: " ") }.count, width / 2)
        let hanging = min(margin + numberWidth, width / 2) - margin
        return pieces(of: width - margin, hanging: hanging).enumerated().map { place, piece in
            Line(String(repeating: " ", count: place == 0 ? margin : margin + hanging)) + piece
        }
    }

    /// The columns of the number that the line begins with, as of an item of a list: 3 of `  1. unload dax_cxl`.
    private var numberWidth: Int {
        let text = text.utf8.drop { $0 == UInt8(ascii: " ") }
        let digits = text.prefix { (0x30...0x39).contains($0) }.count
        return digits > 0 && text.dropFirst(digits).starts(with: ". ".utf8) ? digits + 2 : 0
    }

    /// The words in lines of at most `width` columns, without blanks around them; one empty line without words.
    ///
    /// - Parameter hanging: How many columns less the lines behind the first have.
    func pieces(of width: Int, hanging: Int = 0) -> [Line] {
        let characters = parts.flatMap { part in part.text.map { (character: $0, emphasis: part.emphasis) } }
        var lines: [Line] = []
        var rest = characters[...].drop { $0.character == " " }
        while !rest.isEmpty {
            // No line has more characters than columns: a text of many addresses is gone through once.
            let room = lines.isEmpty ? width : width - hanging
            let end = Self.end(of: rest.prefix(room + 1).map(\.character), room)
            var line = rest.prefix(end)
            while line.last?.character == " " { line.removeLast() }
            lines.append(Line(line))
            rest = rest.dropFirst(end).drop { $0.character == " " }
        }
        return lines.isEmpty ? [""] : lines
    }

    /// How many characters the first line of `width` columns takes, at least one.
    private static func end(of characters: [Character], _ width: Int) -> Int {
        var used = 0
        var blank: Int?
        var joint: Int?
        for (index, character) in characters.enumerated() {
            used += displayWidth(character)
            guard used > width else {
                if character == " " { blank = index }
                if "/,".contains(character) { joint = index + 1 }
                continue
            }
            if character == " " { return index }
            if let blank, blank > 0 { return blank }
            // A path or list is easier to read if it is broken at its parts, unless they leave most of the line empty.
            if let joint, joint > index / 2 { return joint }
            return max(index, 1)
        }
        return characters.count
    }

    /// Characters that were escaped before.
    private init(_ characters: ArraySlice<(character: Character, emphasis: String?)>) {
        parts = []
        for (character, emphasis) in characters {
            if let last = parts.indices.last, parts[last].emphasis == emphasis {
                parts[last].text.append(character)
            } else {
                parts.append(Part(text: String(character), emphasis: emphasis))
            }
        }
    }
}
