import Foundation

/// Words and phrases that no text of this project has, since they have to be read twice.
enum PlainEnglish {
    /// A pattern, in either case of letters, and what to write instead.
    struct Banned {
        let pattern: String
        let better: String
    }

    static let banned = [
        Banned(pattern: #"in spite of"#, better: "despite, although"),
        Banned(pattern: #"all the same\b"#, better: "anyway, still"),
        Banned(pattern: #"\banew\b"#, better: "again"),
        Banned(pattern: #"\bat stake\b"#, better: "what can be lost"),
        Banned(pattern: #"\bany ?more\b"#, better: "no longer"),
        Banned(pattern: #"\bways? out\b"#, better: "fix"),
        Banned(pattern: #"\bonce more\b"#, better: "again"),
        Banned(pattern: #"\b(come|comes|came|coming) about\b"#, better: "happen, take effect"),
        Banned(pattern: #"\bso that\b"#, better: "so"),
        Banned(pattern: #"\b(bring|brings|bringing|brought)\b"#, better: "lead to, load, restore; the result of"),
        Banned(pattern: #"\b(has|have|had) not got\b"#, better: "does not have"),
        Banned(pattern: #"\bother than\b"#, better: "another, not"),
        Banned(pattern: #"(?-i:\b(is|are) none\b)"#, better: "is not a, does not exist"),
        Banned(pattern: #"as it was to be"#, better: "as planned"),
        Banned(pattern: #"\bgravest\b"#, better: "most severe"),
        Banned(pattern: #"\b(is|are|was|were) out\b(?! of)"#, better: "is not loaded"),
        Banned(pattern: #"\b(comes|came|coming) in\b(?! (several|two|one))"#, better: "is loaded"),
        Banned(pattern: #"\bnobody knows\b"#, better: "is not known"),
        Banned(pattern: #"\bknows? no\b"#, better: "does not have"),
        Banned(pattern: #"\bothers than\b"#, better: "users who are not"),
        Banned(pattern: #"\bholds? \S{1,40} against\b"#, better: "compare with, check"),
        Banned(pattern: #"\bunasked\b"#, better: "without asking"),
        Banned(pattern: #"\bwhom(ever)?\b"#, better: "who; which driver, process or user"),
        Banned(pattern: #"do(es)? this instead"#, better: "instead, run"),
    ]

    /// Text that may have a banned word, with the reason.
    struct Exception {
        /// The end of the file's path.
        let file: String
        /// A part of the line.
        let text: String
        let why: String
    }

    static let exceptions = [
        Exception(file: "PlainEnglish.swift", text: "", why: "the list itself"),
        Exception(file: "WordsTests.swift", text: "", why: "the test of the list has examples"),
        Exception(file: "packaging/debian/copyright", text: "permit persons to whom", why: "the text of the licence"),
        Exception(file: "PoliciesCommand.swift", text: "brought", why: "a member of the JSON document of policies"),
        Exception(file: "policies.schema.json", text: "\"brought\"", why: "the same member"),
        Exception(
            file: "Persistence/PersistedFile.swift",
            text: "cxl_acpi is never loaded, so that",
            why: "files that 0.1.0 wrote: persist compares them with this text to see whether they were edited"
        ),
    ]

    /// Where `text` has a banned word: line, word, and what is better.
    static func problems(_ text: String, file: String) -> [String] {
        let exceptions = exceptions.filter { file.hasSuffix($0.file) }
        if exceptions.contains(where: { $0.text.isEmpty }) { return [] }
        let whole = NSRange(text.startIndex..., in: text)
        return expression.matches(in: text, range: whole).compactMap { match -> String? in
            guard let range = Range(match.range, in: text) else { return nil }
            let line = text[text.lineRange(for: range)]
            if exceptions.contains(where: { line.contains($0.text) }) { return nil }
            let number = text[..<range.lowerBound].utf8.count { $0 == UInt8(ascii: "\n") } + 1
            let word = String(text[range])
            let better = banned.first { word.range(of: "(?i)" + $0.pattern, options: .regularExpression) != nil }?
                .better
            return "\(file):\(number): \"\(word)\"; better: \(better ?? "other words")"
        }
    }

    private static let expression = {
        // The patterns are constants, tried by every test here.
        guard
            let expression = try? NSRegularExpression(
                pattern: banned.map { "(?:\($0.pattern))" }.joined(separator: "|"),
                options: [.caseInsensitive]
            )
        else { fatalError("a pattern is not a regular expression") }
        return expression
    }()
}

/// A source file without its code: comments and string literals at their places, everything else as blanks.
struct ProseOfSource {
    private(set) var text: [UInt8] = []
    private let bytes: [UInt8]
    private var place = 0

    /// - Parameter source: Text in Swift or C.
    static func text(_ source: String) -> String {
        var prose = ProseOfSource(bytes: Array(source.utf8))
        prose.code(until: nil)
        return String(decoding: prose.text, as: UTF8.self)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        text.reserveCapacity(bytes.count)
    }

    private func starts(_ word: String, at place: Int) -> Bool {
        place + word.utf8.count <= bytes.count && word.utf8.elementsEqual(bytes[place..<place + word.utf8.count])
    }

    private mutating func keep() {
        text.append(bytes[place])
        place += 1
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where place < bytes.count {
            text.append(bytes[place] == UInt8(ascii: "\n") ? bytes[place] : UInt8(ascii: " "))
            place += 1
        }
    }

    /// - Parameter until: The number of open parentheses at the end; nil for all of the file.
    private mutating func code(until: Int?) {
        var depth = until == nil ? 0 : 1
        while place < bytes.count {
            if starts("//", at: place) {
                while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { keep() }
            } else if starts("/*", at: place) {
                while place < bytes.count, !starts("*/", at: place) { keep() }
            } else if let (hashes, quote) = literal() {
                string(hashes, quote)
            } else {
                if until != nil {
                    if bytes[place] == UInt8(ascii: "(") { depth += 1 }
                    if bytes[place] == UInt8(ascii: ")") { depth -= 1 }
                    if depth == 0 { return blank() }
                }
                blank()
            }
        }
    }

    /// The marks of a literal that begins here.
    private func literal() -> (hashes: String, quote: String)? {
        var end = place
        while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return nil }
        return (String(repeating: "#", count: end - place), starts("\"\"\"", at: end) ? "\"\"\"" : "\"")
    }

    private mutating func string(_ hashes: String, _ quote: String) {
        blank(hashes.utf8.count + quote.utf8.count)
        while place < bytes.count {
            if starts(quote + hashes, at: place) { return blank(hashes.utf8.count + quote.utf8.count) }
            if starts("\\\(hashes)(", at: place) {
                blank(hashes.utf8.count + 2)
                code(until: 0)
            } else if bytes[place] == UInt8(ascii: "\\"), hashes.isEmpty {
                blank(2)
            } else if bytes[place] == UInt8(ascii: "\n"), quote == "\"" {
                return
            } else {
                keep()
            }
        }
    }
}
