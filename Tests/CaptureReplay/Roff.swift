/// Text as roff(7) reads it.
enum Roff {
    /// A text in one line: what roff would take for an escape, a hyphen or a macro is itself.
    static func line(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&\(escaped)" : escaped
    }

    /// Sentences, a line each, as manuals have them: an em space then follows each.
    static func sentences(_ text: String) -> [String] {
        var lines: [String] = []
        for part in text.split(separator: ". ") {
            lines.append(line(String(part)) + ".")
        }
        if let last = lines.last, last.hasSuffix("..") { lines[lines.count - 1] = String(last.dropLast()) }
        return lines
    }

    static func bold(_ text: String) -> String { "\\fB\(line(text))\\fR" }

    static func italic(_ text: String) -> String { "\\fI\(line(text))\\fR" }

    /// A heading in bold with what belongs to it.
    static func item(_ heading: String, note: String? = nil, _ body: [String]) -> [String] {
        [".TP", bold(heading) + (note.map { " (\(line($0)))" } ?? "")] + body
    }

    /// Lines as they are, in a block that is not filled.
    static func display(_ lines: [String]) -> [String] { [".nf", ".RS 2"] + lines.map(line) + [".RE", ".fi"] }
}
