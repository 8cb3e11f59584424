import ArgumentParser
import Glibc
import Inspection
import LinuxSystem
import Machine
import Ownership
import Persistence

/// Where a machine is read from.
struct MachineRoot: Equatable {
    /// `/`, or where a machine was recorded.
    let path: String

    /// The running machine.
    static let running = MachineRoot(path: "/")

    /// Whether it is the running machine: a recorded one has no journals and no initramfs.
    var isRunning: Bool { self == .running }

    /// The machine.
    ///
    /// - Parameter named: Which of several machines it is, said with what its material lacks.
    func read(tellsMaterial: Bool = true, named: Bool = false) throws(InspectionError) -> MachineState {
        try read(with: [], tellsMaterial, named).machine
    }

    /// The machine, and the system of this one that a choice is written to, whose small files were read with it.
    func readWithSystem(
        tellsMaterial: Bool = true,
        named: Bool = false
    ) throws(InspectionError) -> (MachineState, BootSystem) {
        let (machine, files) = try read(with: BootSystem.filesBesideMachine, tellsMaterial, named)
        return (machine, BootSystem(known: files))
    }

    private func read(
        with files: [String],
        _ tellsMaterial: Bool,
        _ named: Bool
    ) throws(InspectionError) -> (machine: MachineState, files: [String: [UInt8]?]) {
        let read = try Inspector(root: path).read(with: files)
        if tellsMaterial { read.machine.material.complain(about: named ? path : nil) }
        return read
    }
}

/// `--root` of a command about one machine.
struct RootOption: ParsableArguments {
    @Option(
        name: .customLong("root"),
        help: ArgumentHelp(
            "Read this instead of the running machine: a capture made by `collect` (a directory or an archive), a "
                + "sosreport, or a text with lines of /proc/iomem.",
            valueName: "path"
        ),
        completion: .file()
    )
    var arguments: [String] = []

    /// The machine.
    var root: MachineRoot { arguments.first.map(MachineRoot.init) ?? .running }

    /// The machine, with what its material lacks told on standard error.
    func read() throws(InspectionError) -> MachineState { try root.read() }

    func validate() throws {
        try RootWord.check(arguments)
        guard arguments.count > 1 || arguments.contains(where: { RootWord($0).isMany }) else { return }
        throw ValidationError("this command reads one machine. Give one --root (status, plan and verify take several)")
    }
}

/// `--root` of a command about one machine or many.
struct RootsOption: ParsableArguments {
    @Option(
        name: .customLong("root"),
        help: ArgumentHelp(
            "Read this instead of the running machine: a capture made by `collect` (a directory or an archive), a "
                + "sosreport, or a text with lines of /proc/iomem. Several, DIR/*, or @LIST (a file with one name per line, @- for "
                + "standard input): one line for each, and a summary.",
            valueName: "path|dir/*|@list"
        ),
        completion: .file()
    )
    var arguments: [String] = []

    /// What a shell has made of `--root DIR/*`: all but the first are words of their own.
    @Argument(help: .hidden)
    var expanded: [String] = []

    /// The one machine that is asked about; nil if it is many.
    var single: MachineRoot? {
        guard let first = arguments.first else { return .running }
        return arguments.count + expanded.count == 1 && !RootWord(first).isMany ? MachineRoot(path: first) : nil
    }

    /// Calls `body` with each machine in the order in which they were given; a list is never held as a whole.
    ///
    /// - Parameter pausing: Called before the next names are waited for, which a person or a program may still be writing.
    /// - Throws: `Failure` if a list can't be read or if there is no machine at all; what `body` throws.
    func forEach(pausing: () throws -> Void, _ body: (MachineRoot) throws -> Void) throws {
        var count = 0
        for argument in arguments + expanded {
            try RootWord(argument).forEach(pausing: pausing) { path in
                count += 1
                try body(MachineRoot(path: path))
            }
        }
        guard count > 0 else {
            throw Failure(.badData, code: "bad-list", "the list of --root is empty")
        }
    }

    func validate() throws {
        try RootWord.check(arguments)
        // A shell expands a pattern to what is there.
        if let word = expanded.first(where: { arguments.isEmpty || !File.exists($0) }) {
            let hint =
                arguments.isEmpty
                ? File.exists(word) ? ". Did you mean --root \(shellWord(path: word))?" : ""
                : ". Write it before --root DIR/*, or quote the pattern: --root 'DIR/*'"
            throw ValidationError("Unexpected argument '\(word)'\(hint)")
        }
    }
}

/// A word that `--root` was given: a path, a pattern, or a list of both.
struct RootWord {
    private let text: String

    init(_ text: String) { self.text = text }

    /// `--root "$DIR"` with DIR unset must not read another machine than was meant.
    static func check(_ words: [String]) throws(ValidationError) {
        if words.contains("") { throw ValidationError("the path of --root is empty") }
        if words.contains("-") {
            throw ValidationError(
                "--root can't read a machine from standard input. Name a file (@- reads a list of names)"
            )
        }
    }

    /// `@LIST`; a directory with such a name is `./@LIST`.
    private var isList: Bool { text.hasPrefix("@") }

    /// Whether it can stand for several machines, even if it is one just now.
    var isMany: Bool { isList || FilePattern(text) != nil }

    /// Calls `body` with each path, and `pausing` before standard input is waited for.
    func forEach(pausing: () throws -> Void, _ body: (String) throws -> Void) throws {
        guard isList else { return try Self.expand(text, body) }
        let path = String(text.dropFirst())
        let file = try Self.reading(path) { () throws(SystemError) in
            try path == "-" ? File(copying: STDIN_FILENO) : File.readingRegular(path)
        }
        var lines = LineReader(file)
        while true {
            if path == "-" && !lines.hasLine { try pausing() }
            guard let line = try Self.reading(path, { () throws(SystemError) in try lines.next() }) else { return }
            if let entry = Self.entry(line) { try Self.expand(entry, body) }
        }
    }

    private static func expand(_ path: String, _ body: (String) throws -> Void) throws {
        guard let pattern = FilePattern(path) else { return try body(path) }
        let paths: [String]
        do { paths = try pattern.paths() } catch { throw Failure(.badData, code: "bad-list", "\(error)") }
        for path in paths { try body(path) }
    }

    /// What a line of a list names, without the white space around it and a comment; nil if that is nothing.
    ///
    /// A comment begins with `#`, at the begin of a line or after white space, unless a file has just that name.
    private static func entry(_ line: String) -> String? {
        // Editors of Windows begin a file with a mark of its encoding.
        let mark = "\u{feff}".utf8
        let text = Substring(line.utf8.starts(with: mark) ? line.utf8.dropFirst(mark.count) : line.utf8[...]).trimmed
        if text.isEmpty || text.hasPrefix("#") { return nil }
        if File.exists(text) { return text }
        let bytes = Array(text.utf8)
        let comment = bytes.indices.dropFirst().first { place in
            bytes[place] == UInt8(ascii: "#") && [UInt8(ascii: " "), UInt8(ascii: "\t")].contains(bytes[place - 1])
        }
        return comment.map { String(decoding: bytes[..<$0], as: UTF8.self).trimmed } ?? text
    }

    private static func reading<Value: ~Copyable>(
        _ path: String,
        _ body: () throws(SystemError) -> Value
    ) throws(Failure) -> Value {
        do { return try body() } catch {
            throw Failure(.badData, code: "bad-list", "\(path): \(error.cause ?? error.message)")
        }
    }
}
