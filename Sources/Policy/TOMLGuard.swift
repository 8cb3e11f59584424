/// What keeps a text from the TOML parser.
///
/// The parser takes some things for granted and ends the process where they do not hold: a name behind the bracket of
/// a table's header, digits within a time, no `}` where an array has a value. Dates, times and fractions are nothing that a
/// policy has, so the text is looked through before. Behind a mistake of another kind this may see things wrongly; the
/// parser stops at that one.
struct TOMLGuard {
    /// Something that the parser must not see.
    struct Problem {
        /// The line, from 1.
        let line: Int
        /// What is wrong.
        let message: String
    }

    /// The first problem; nil where the parser may have the text.
    let problem: Problem?

    init(_ text: String) {
        var scan = Scan(bytes: Array(text.utf8))
        problem = scan.firstProblem()
    }

    /// A walk over the text that knows what is a string, a comment or an array.
    private struct Scan {
        let bytes: [UInt8]
        var place = 0
        var line = 1
        /// Nothing but white space since the line began.
        var isLineStart = true
        /// The brackets and braces around this place.
        var open: [UInt8] = []
        /// A value comes next, not a key.
        var isValueNext = false

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func firstProblem() -> Problem? {
            while place < bytes.count {
                let byte = bytes[place]
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "'"):
                    skipString(byte)
                    isValueNext = false
                case UInt8(ascii: "#"): skip { !Self.isLineEnd($0) }
                case UInt8(ascii: "["):
                    if isLineStart && open.isEmpty {
                        guard hasName(behind: place) else {
                            return Problem(line: line, message: "expected a table name after [")
                        }
                        // The header is no array of values.
                        skip { !Self.isLineEnd($0) && $0 != UInt8(ascii: "]") && !Self.isQuote($0) }
                    } else {
                        open.append(byte)
                        isValueNext = true
                        advance()
                    }
                case UInt8(ascii: "{"):
                    open.append(byte)
                    isValueNext = false
                    advance()
                case UInt8(ascii: "]"), UInt8(ascii: "}"):
                    // Behind the bracket of a header nothing is open.
                    if let last = open.popLast(), (last == UInt8(ascii: "[")) != (byte == UInt8(ascii: "]")) {
                        let (end, start) = (UnicodeScalar(byte), UnicodeScalar(last))
                        return Problem(line: line, message: "\(end) does not close \(start)")
                    }
                    isValueNext = false
                    advance()
                case UInt8(ascii: "="), UInt8(ascii: ","):
                    isValueNext = byte == UInt8(ascii: "=") || open.last == UInt8(ascii: "[")
                    advance()
                default:
                    if isValueNext && !Self.isBlank(byte) && !Self.isLineEnd(byte) {
                        if let problem = problemOfValue() { return problem }
                        isValueNext = false
                    } else {
                        advance()
                    }
                }
            }
            return nil
        }

        /// What is wrong with the bare word here: a policy has truth values, and a number gets a better error later.
        private mutating func problemOfValue() -> Problem? {
            let ends = Array(",]}#=\"'".utf8)
            let start = place
            let line = line
            skip { !Self.isBlank($0) && !Self.isLineEnd($0) && !ends.contains($0) }
            let word = String(decoding: bytes[start..<place], as: UTF8.self)
            let isNumber = word == "0" || word.count < 19 && Int(word) != nil && (word.first ?? "0") > "0"
            guard !isNumber && word != "true" && word != "false" else { return nil }
            return Problem(line: line, message: "\"\(word)\" is not a valid value. Put text in quotes")
        }

        private mutating func advance() {
            let byte = bytes[place]
            if byte == 0x0a { line += 1 }
            // White space may be more than one byte long, and text elsewhere does not begin a line.
            isLineStart = Self.isLineEnd(byte) || isLineStart && (Self.isBlank(byte) || byte >= 0x80)
            place += 1
        }

        private mutating func skip(while goesOn: (UInt8) -> Bool) {
            while place < bytes.count, goesOn(bytes[place]) { advance() }
        }

        /// A string in one line, or one in three quotes over several; a backslash counts in double quotes.
        private mutating func skipString(_ quote: UInt8) {
            isLineStart = false
            let isLong = bytes[place...].starts(with: [quote, quote, quote])
            place += isLong ? 3 : 1
            while place < bytes.count {
                let byte = bytes[place]
                if byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"") {
                    advance()
                    if place < bytes.count { advance() }
                } else if isLong ? bytes[place...].starts(with: [quote, quote, quote]) : byte == quote {
                    place += isLong ? 3 : 1
                    break
                } else if !isLong && Self.isLineEnd(byte) {
                    return
                } else {
                    advance()
                }
            }
            isLineStart = false
        }

        /// Whether a name, or the bracket that ends the header, follows `[` or `[[` at `bracket`.
        private func hasName(behind bracket: Int) -> Bool {
            var next = bracket + 1
            if next < bytes.count, bytes[next] == UInt8(ascii: "[") { next += 1 }
            while next < bytes.count, Self.isBlank(bytes[next]) { next += 1 }
            guard next < bytes.count else { return false }
            switch bytes[next] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "\""),
                UInt8(ascii: "'"), UInt8(ascii: "]"):
                return true
            default: return false
            }
        }

        private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

        private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

        /// The parser takes the vertical tab and the form feed for line ends as well.
        private static func isLineEnd(_ byte: UInt8) -> Bool { (0x0a...0x0d).contains(byte) }
    }
}
