/// The lines on which the keys of a TOML text stand.
///
/// TOMLKit tells the line of a syntax error, but not of a value that is valid TOML and no valid policy. This looks
/// for the places as a person would; where a text is written in an unusual way it finds none, and an error names the
/// key alone.
struct KeyLines {
    private var lines: [String: Int] = [:]
    private let text: [Substring]

    init(_ text: String) {
        // A line end of two characters is one Character, and not "\n".
        self.text = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        var table = ""
        for (index, line) in self.text.enumerated() {
            let content = line.trimmed
            if content.hasPrefix("["), let end = content.firstIndex(of: "]") {
                table = String(content[..<end].drop { $0 == "[" }).trimmed
                lines[table] = lines[table] ?? index + 1
            } else if let equals = content.firstIndex(of: "=") {
                let key = content[..<equals].trimmed.filter { $0 != "\"" && $0 != "'" }
                guard key.allSatisfy({ $0.isLetter || $0.isNumber || "._-".contains($0) }) else { continue }
                let path = table.isEmpty ? key : "\(table).\(key)"
                lines[path] = lines[path] ?? index + 1
            }
        }
    }

    /// The line of a key, from 1.
    func line(of path: String) -> Int? { lines[path] }

    /// The line of the string at `index` in the array of `path`, from 1.
    func line(of path: String, element index: Int) -> Int? {
        guard let first = lines[path] else { return nil }
        var quote: Character?
        var passed = 0
        for (offset, line) in text[(first - 1)...].enumerated() {
            let content = offset == 0 ? line[(line.firstIndex(of: "=") ?? line.startIndex)...] : line
            for character in content {
                if let open = quote {
                    if character == open { (quote, passed) = (nil, passed + 1) }
                } else if character == "#" {
                    break
                } else if character == "\"" || character == "'" {
                    if passed == index { return first + offset }
                    quote = character
                }
            }
        }
        return nil
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
