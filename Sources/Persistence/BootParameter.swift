import LinuxSystem
import Machine

/// The text of `/etc/kernel/cmdline`, from which kernel-install(8) makes the kernel command line: one line of parameters. Pure.
struct BootParameter {
    /// Where it is.
    static let path = "/etc/kernel/cmdline"

    /// The parameters with the white space before each, and what is behind the last one.
    private let words: [Substring]
    private let end: Substring

    /// From the bytes of the file.
    ///
    /// - Throws: `PersistenceError` `.bootLoader` if there is no such file or it is not one line of parameters: it is then not edited.
    init(_ bytes: [UInt8]?) throws(PersistenceError) {
        guard let bytes, let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Self.error("can't be read")
        }
        let lines = text.lines.filter { !$0.allSatisfy { $0 == " " || $0 == "\t" } }
        guard lines.count == 1, lines[0].first != "#" else { throw Self.error("is not one line of parameters") }
        guard lines[0].utf8.count(where: { $0 == UInt8(ascii: "\"") }).isMultiple(of: 2) else {
            throw Self.error("has a quote that is not closed")
        }
        var words: [Substring] = []
        var rest = Substring(text).utf8
        while let first = rest.firstIndex(where: { !Self.isSpace($0) }) {
            var isQuoted = false
            let last =
                rest[first...].firstIndex { byte in
                    if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
                    return !isQuoted && Self.isSpace(byte)
                } ?? rest.endIndex
            words.append(Substring(rest[..<last]))
            rest = rest[last...]
        }
        self.words = words
        end = Substring(rest)
    }

    /// The text with the parameter, or without it; everything else stays, also another list of `initcall_blacklist=`.
    func text(_ isWanted: Bool) -> String {
        let hasIt = words.contains { Self.list($0)?.contains(KernelCommandLine.cxlAcpiInitcall) == true }
        if hasIt == isWanted { return words.joined() + end }
        guard isWanted else { return words.compactMap(Self.without).joined() + end }
        var words = words
        if let place = words.lastIndex(where: { Self.list($0) != nil }) {
            words[place] += ",\(KernelCommandLine.cxlAcpiInitcall)"
        } else {
            // What stands behind `--` is init's.
            let place = words.firstIndex { $0.fields().first == "--" } ?? words.endIndex
            words.insert(" \(BootLoader.parameter)", at: place)
        }
        return words.joined() + end
    }

    /// The names in a list of `initcall_blacklist=`; nil where the word is another one.
    private static func list(_ word: Substring) -> [String]? {
        let parameters = KernelCommandLine(String(word)).parameters
        guard !word.utf8.contains(UInt8(ascii: "\"")), let value = parameters.values(of: BootLoader.key).first else {
            return nil
        }
        return value.commaSeparated
    }

    private static func without(_ word: Substring) -> Substring? {
        guard let list = list(word), list.contains(KernelCommandLine.cxlAcpiInitcall) else { return word }
        let others = list.filter { $0 != KernelCommandLine.cxlAcpiInitcall }
        return others.isEmpty ? nil : " \(BootLoader.key)=\(others.joined(separator: ","))"
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (0x09...0x0d).contains(byte) }

    /// Why it is not edited.
    static func error(_ what: String) -> PersistenceError {
        PersistenceError(
            .bootLoader,
            "\(path) \(what), so it is not edited. Add or remove \(BootLoader.parameter) by hand and run kernel-install"
        )
    }
}
