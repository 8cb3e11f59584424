import Foundation
import TestCaptures
import Testing

/// A folder of Tests/Cases: machines, the commands that are run on them, and what these must print. Tests/Cases/README.md
/// describes the files.
struct Case: Sendable, CustomTestStringConvertible {
    /// The folder's name.
    let name: String

    private static let home = repository.appendingPathComponent("Tests/Cases")

    /// Every case, sorted by name.
    static let all: [Case] = ((try? FileManager.default.contentsOfDirectory(atPath: home.path)) ?? []).sorted()
        .filter { $0 != "README.md" }.map(Case.init)

    /// `Tests/Cases/NAME`, as a person can open it.
    var testDescription: String { "Tests/Cases/\(name)" }

    var folder: URL { Self.home.appendingPathComponent(name) }

    /// A file of the folder; one that is missing is an error.
    func text(_ file: String) throws -> String {
        guard let text = try? String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8) else {
            throw ToolProblem(description: "\(testDescription) has no readable file \"\(file)\"")
        }
        return text
    }

    /// A command of the case: the words behind the tool's name, and the environment before it.
    struct Command {
        let words: [String]
        let environment: [String: String]

        /// nil if the tool is not named.
        fileprivate init?(_ line: Substring) {
            let parts = line.split(separator: " ").map(String.init)
            let settings = parts.prefix { $0.contains("=") }
            guard parts.dropFirst(settings.count).first == "daxswitch" else { return nil }
            words = Array(parts.dropFirst(settings.count + 1))
            environment = settings.reduce(into: [:]) { environment, setting in
                let pair = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                environment[String(pair[0])] = String(pair[1])
            }
        }
    }

    /// The commands.
    func commands() throws -> [Command] {
        let lines = try text("command").split(separator: "\n").map { Command($0) }
        guard !lines.isEmpty, lines.allSatisfy({ $0 != nil }) else {
            throw ToolProblem(description: "\(testDescription)/command: write lines that begin with \"daxswitch\"")
        }
        return lines.compactMap(\.self)
    }

    /// The machines; none where the folder has no file `root`, or where `root` is a tree of its own.
    func machines() throws -> [CaseMachine] {
        let path = folder.appendingPathComponent("root").path
        let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        guard type == .typeRegular else { return [] }
        return try text("root").split(separator: "\n").map { try CaseMachine($0) }
    }

    /// Whether the tool takes one of the machines for the running one.
    var isLive: Bool { (try? machines().contains { $0.name == "/" }) == true }

    /// Runs the commands, one after the other.
    func run() throws -> CaseResult {
        let folder = TestCaptures.newDirectory() + "/case"
        try FileManager.default.copyItem(atPath: self.folder.path, toPath: folder)
        let machines = try machines()
        if !machines.isEmpty { try FileManager.default.removeItem(atPath: "\(folder)/root") }
        var running: CaptureRoot?
        for machine in machines {
            var root = try machine.copy()
            if let overlay = machine.overlay { try TestCaptures.overlay("\(folder)/\(overlay)", on: root) }
            if machine.name == "/" {
                running = root
                // The case's own files are where the command, whose working directory is /, finds them.
                try TestCaptures.overlay(folder, on: root)
            } else {
                try FileManager.default.moveItem(atPath: root.path, toPath: "\(folder)/\(machine.name)")
                root.path = "\(folder)/\(machine.name)"
            }
        }
        var result = CaseResult()
        for command in try commands() {
            let ended =
                if let running {
                    try Jail.run(command.words, in: running, environment: command.environment)
                } else {
                    try refereed(command, in: folder)
                }
            result.add(ended)
        }
        try result.replace(try placeholders())
        return result
    }

    /// Runs the tool in the folder; what it says of one of the machines there is held against that machine's files.
    private func refereed(_ command: Command, in folder: String) throws -> Ended {
        let words = command.words
        let ended = try Tool.run(command: [Tool.path] + words, in: folder, environment: command.environment)
        if let place = words.firstIndex(of: "--root"), place + 1 < words.count {
            try ended.checkByReferee(words, root: "\(folder)/\(words[place + 1])", in: folder)
        }
        return ended
    }

    /// What a line of `varies` names: `NAME PATTERN`.
    private func placeholders() throws -> [(name: String, pattern: String)] {
        let path = folder.appendingPathComponent("varies").path
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try text("varies").split(separator: "\n").map { line in
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw ToolProblem(description: "\(testDescription)/varies: \"\(line)\" is not NAME PATTERN")
            }
            return (parts[0], parts[1])
        }
    }
}

/// A machine of a case: `CAPTURE [with modules] [with FOLDER] [as NAME]`.
struct CaseMachine: Sendable {
    let capture: CaptureRoot
    /// Whether it has the module lists of its kernel in /lib/modules, as a live machine has them.
    private(set) var hasModules = false
    /// A folder of the case whose files are laid over the machine's.
    private(set) var overlay: String?
    /// The directory that commands name; `/`: the tool takes the machine for the running one.
    private(set) var name = "root"

    init(_ line: Substring) throws {
        var words = line.split(separator: " ").map(String.init)[...]
        capture = try TestCaptures.root(words.popFirst() ?? "")
        while let word = words.popFirst(), let value = words.popFirst() {
            switch (word, value) {
            case ("with", "modules"): hasModules = true
            case ("with", _): overlay = value
            case ("as", _): name = value
            default: throw ToolProblem(description: "\"\(word) \(value)\" in \"\(line)\" is not understood")
            }
        }
    }

    func copy() throws -> CaptureRoot {
        try hasModules ? TestCaptures.copyWithModules(capture) : TestCaptures.copy(capture)
    }
}

/// What the commands of a case came to.
struct CaseResult {
    /// Everything on standard output, and on standard error.
    private(set) var output = ""
    private(set) var complaint = ""
    /// The exit codes, a line each.
    private(set) var exit = ""

    /// The files that hold them, in the order in which a reader wants to know of a difference.
    var files: [(name: String, text: String)] { [("exit", exit), ("stderr", complaint), ("stdout", output)] }

    mutating func add(_ ended: Ended) {
        output += ended.output
        complaint += ended.complaint
        exit += "\(ended.status)\n"
    }

    /// Puts `{NAME}` for what differs from host to host. A pattern that finds nothing is an error: it may be too old.
    mutating func replace(_ placeholders: [(name: String, pattern: String)]) throws {
        for (name, pattern) in placeholders {
            let regex = try Regex(pattern, as: Substring.self)
            let before = (output, complaint)
            output = output.replacing(regex, with: "{\(name)}")
            complaint = complaint.replacing(regex, with: "{\(name)}")
            guard before != (output, complaint) else {
                throw ToolProblem(description: "varies: nothing matches \(pattern) (\(name))")
            }
        }
    }
}
