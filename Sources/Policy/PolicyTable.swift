internal import LinuxSystem
import Machine
import TOMLKit

/// A table of a policy file, with what an error needs to name the place.
struct PolicyTable {
    private let table: TOMLTable
    /// Nested tables are views into this one.
    private let root: TOMLTable
    private let path: String
    private let lines: KeyLines
    private let file: String

    init(text: String, file: String) throws(PolicyError) {
        if let problem = TOMLGuard(text).problem {
            let message = "not TOML: \(problem.message)"
            throw PolicyError(code: .invalid, file: file, line: problem.line, keyPath: nil, message: message)
        }
        do {
            root = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw PolicyError(
                code: .invalid,
                file: file,
                line: error.source.begin.line,
                keyPath: nil,
                message: "not TOML: \(error.description)"
            )
        } catch {
            throw PolicyError(code: .invalid, file: file, line: nil, keyPath: nil, message: "not TOML: \(error)")
        }
        table = root
        path = ""
        lines = KeyLines(text)
        self.file = file
    }

    private init(_ table: TOMLTable, at path: String, of parent: PolicyTable) {
        self.table = table
        self.path = path
        root = parent.root
        lines = parent.lines
        file = parent.file
    }

    /// An error about a key of this table, or about one string of its array.
    func error(_ key: String, element: Int? = nil, _ message: String) -> PolicyError {
        let name = path.isEmpty ? key : "\(path).\(key)"
        let line = element.map { lines.line(of: name, element: $0) } ?? lines.line(of: name)
        return PolicyError(
            code: .invalid,
            file: file,
            line: line,
            keyPath: element.map { "\(name)[\($0)]" } ?? name,
            message: message
        )
    }

    /// Every key must be one of `keys`.
    func allow(_ keys: [String]) throws(PolicyError) {
        for key in table.keys.sorted() where !keys.contains(key) {
            throw error(key, "unknown key. Known keys: \(keys.joined(separator: ", "))")
        }
    }

    /// A string that must be there.
    func string(_ key: String) throws(PolicyError) -> String {
        guard let value = table[key] else { throw error(key, "this key is missing") }
        guard let string = value.string else { throw error(key, "expected a string, got \(Self.article(value.type))") }
        return string
    }

    /// An array of strings that must be there.
    func strings(_ key: String) throws(PolicyError) -> [String] {
        guard let value = table[key] else { throw error(key, "this key is missing") }
        guard let array = value.array else {
            throw error(key, "expected an array of strings, got \(Self.article(value.type))")
        }
        var strings: [String] = []
        for (index, element) in array.enumerated() {
            guard let string = element.string else {
                throw error(key, element: index, "expected a string, got \(Self.article(element.type))")
            }
            strings.append(string)
        }
        return strings
    }

    /// A truth value; nil where the key is missing.
    func bool(_ key: String) throws(PolicyError) -> Bool? {
        guard let value = table[key] else { return nil }
        guard let bool = value.bool else { throw error(key, "expected true or false, got \(Self.article(value.type))") }
        return bool
    }

    /// Whether the key is there.
    func has(_ key: String) -> Bool { table[key] != nil }

    /// An owner; nil for "any" and where the key is missing.
    func owner(_ key: String) throws(PolicyError) -> Owner? {
        guard let value = table[key] else { return nil }
        guard let word = value.string else { throw error(key, "expected a string, got \(Self.article(value.type))") }
        if word == "any" { return nil }
        // Two devices over the same bytes is something that happens, nothing to wish for.
        guard let owner = Owner(rawValue: word), owner != .both else {
            throw error(key, "\"\(word)\" is not an owner. Use \"cxl\", \"hmem\", \"none\" or \"any\"")
        }
        return owner
    }

    /// A table; nil where the key is missing.
    func table(_ key: String) throws(PolicyError) -> PolicyTable? {
        guard let value = table[key] else { return nil }
        guard let inner = value.table else { throw error(key, "expected a table, got \(Self.article(value.type))") }
        return PolicyTable(inner, at: path.isEmpty ? key : "\(path).\(key)", of: self)
    }
}

extension PolicyTable {
    /// A TOML type with its article: `a string`, `an array`.
    private static func article(_ type: TOMLType) -> String {
        "\("aeio".contains(type.description.prefix(1)) ? "an" : "a") \(type)"
    }
}

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
