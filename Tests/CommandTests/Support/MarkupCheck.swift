/// What is wrong with an HTML document, as far as it can be told without knowing HTML: every element is closed in its order,
/// text and values hold no mark of their own, ids are there once, and nothing is loaded or run.
struct MarkupCheck {
    /// A sentence for each problem.
    private(set) var problems: [String] = []
    private var open: [String] = []
    private var ids: Set<String> = []
    private var targets: Set<String> = []

    /// Elements without an end tag (https://html.spec.whatwg.org/#void-elements).
    private static let void: Set = ["meta", "br", "hr", "img", "link", "input"]
    /// What must be in no report.
    private static let forbidden: Set = ["script", "iframe", "object", "embed", "link", "img", "form", "base"]

    init(_ document: String) {
        var rest = Array(document.utf8)[...]
        if !rest.starts(with: "<!DOCTYPE html>\n<html lang=\"en\">".utf8) {
            problems.append("no document type or language")
        }
        rest = rest.dropFirst("<!DOCTYPE html>".utf8.count)
        while !rest.isEmpty {
            if rest.first == UInt8(ascii: "<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else {
                    problems.append("a tag without an end")
                    break
                }
                tag(String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self))
                rest = rest[(end + 1)...]
            } else {
                let end = rest.firstIndex(of: UInt8(ascii: "<")) ?? rest.endIndex
                text(String(decoding: rest[..<end], as: UTF8.self))
                rest = rest[end...]
            }
        }
        if !open.isEmpty { problems.append("not closed: \(open)") }
        problems += targets.subtracting(ids).map { "a link leads to #\($0), which is not there" }
    }

    private mutating func tag(_ tag: String) {
        if tag.hasPrefix("/") {
            let name = String(tag.dropFirst())
            if open.popLast() != name { problems.append("</\(name)> closes another element") }
            return
        }
        let isClosed = tag.hasSuffix("/")
        let name = String(tag.prefix { $0 != " " && $0 != "/" })
        if Self.forbidden.contains(name) { problems.append("<\(name)> is in no report") }
        for (key, value) in attributes(String(tag.dropFirst(name.count)), of: name) { attribute(key, value, of: name) }
        if !Self.void.contains(name) && !isClosed { open.append(name) }
    }

    private mutating func attributes(_ text: String, of name: String) -> [(String, String)] {
        var found: [(String, String)] = []
        var rest = text[...]
        while let sign = rest.firstIndex(of: "=") {
            let key = rest[..<sign].drop { $0 == " " }
            let value = rest[rest.index(after: sign)...]
            guard value.first == "\"", let end = value.dropFirst().firstIndex(of: "\"") else {
                problems.append("<\(name)>: \(key) has no quotes")
                return found
            }
            found.append((String(key), String(value[value.index(after: value.startIndex)..<end])))
            rest = value[value.index(after: end)...]
        }
        if rest.contains(where: { $0 != " " && $0 != "/" }) {
            problems.append("<\(name)>: \"\(rest)\" is no attribute")
        }
        return found
    }

    private mutating func attribute(_ key: String, _ value: String, of name: String) {
        self.text(value)
        if key.hasPrefix("on") { problems.append("<\(name)> has \(key)") }
        if ["src", "action", "data", "srcset", "xlink:href"].contains(key) {
            problems.append("<\(name)> loads \(value)")
        }
        if key == "href" {
            if value.hasPrefix("#") {
                targets.insert(String(value.dropFirst()))
            } else {
                problems.append("a link leads to \(value)")
            }
        }
        if key == "id", !ids.insert(value).inserted { problems.append("the id \(value) is there twice") }
    }

    private mutating func text(_ text: String) {
        if open.last == "style" {
            if text.contains("url(") || text.contains("@import") { problems.append("the style sheet loads something") }
            return
        }
        for part in text.split(separator: "&", omittingEmptySubsequences: false).dropFirst()
        where !["amp;", "lt;", "gt;", "quot;", "#39;"].contains(where: part.hasPrefix) {
            problems.append("an ampersand without a name: \(part.prefix(20))")
        }
        if text.contains(">") { problems.append("a mark in text: \(text.prefix(40))") }
        let hidden = text.unicodeScalars.first { scalar in
            scalar != "\n"
                && [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
        }
        if let hidden { problems.append("U+\(String(hidden.value, radix: 16)) in text") }
    }
}
