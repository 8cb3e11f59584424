internal import Foundation
internal import Machine
internal import Ownership
internal import TestCaptures

/// The manuals in `docs/man`: written by hand, but for the regions that are made from values of the code and from what the
/// commands print for recorded machines.
///
/// A region begins with a line `.\" generated: NAME` and ends with `.\" end of generated`.
package struct Manual {
    /// The program that examples run.
    private let tool: String
    private let dump: CommandDump

    /// Why a manual can't be made.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter tool: The path of the program.
    package init(tool: String) throws {
        self.tool = tool
        dump = try JSONDecoder().decode(
            CommandDump.self,
            from: Data(try Self.run(tool, ["--experimental-dump-help"], in: "/").utf8)
        )
    }

    /// The names of the files in `docs/man`.
    package static var pages: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasPrefix("daxswitch") }.sorted()
    }

    private static let folder = TestCaptures.repository.appendingPathComponent("docs/man")

    /// The page as it is checked in.
    package static func text(_ page: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(page), encoding: .utf8)
    }

    /// The page with its regions made now.
    package func current(_ page: String) throws -> String {
        var lines: [String] = []
        var isGenerated = false
        for line in try Self.text(page).split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line == Self.end { isGenerated = false }
            if !isGenerated { lines.append(line) }
            if line.hasPrefix(Self.begin) {
                isGenerated = true
                lines += try region(String(line.dropFirst(Self.begin.count)))
            }
        }
        guard !isGenerated else { throw Problem(description: "\(page): a region has no end") }
        return lines.joined(separator: "\n")
    }

    private static let begin = ".\\\" generated: "
    private static let end = ".\\\" end of generated"

    /// Writes the page with its regions made now.
    package func write(_ page: String) throws {
        try current(page).write(to: Self.folder.appendingPathComponent(page), atomically: true, encoding: .utf8)
    }

    /// The commands and options of the tool.
    package var commands: [CommandDump.Command] { dump.commands }
}

extension Manual {
    private func region(_ name: String) throws -> [String] {
        let words = name.split(separator: " ", maxSplits: 1).map(String.init)
        switch (words.first ?? "", words.count > 1 ? words[1] : "") {
        case ("synopsis", ""): return dump.commands.flatMap { [".PP"] + $0.synopsis }.dropFirst().map { $0 }
        case ("exit-codes", ""): return terms(in: .exitCodes)
        case ("policy-keys", ""): return terms(in: .policyKeys)
        case ("steps", ""): return terms(in: .steps)
        case ("hazards", ""): return hazards
        case ("findings", ""): return findings
        case ("rules", ""): return rules
        case ("generations", ""): return terms(in: .generations)
        case ("glossary", ""): return glossary
        case ("plan-members", ""): return try planMembers()
        case ("policy", let policy):
            let text = try String(
                contentsOf: TestCaptures.repository.appendingPathComponent("Policies/\(policy).toml"),
                encoding: .utf8
            )
            return Roff.display(
                text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
            )
        case ("example", let example): return try self.example(example)
        default: throw Problem(description: "\"\(name)\" is not a region that can be generated")
        }
    }

    private func terms(in group: Term.Group) -> [String] {
        Glossary.terms.filter { $0.group == group }.flatMap { Roff.item($0.word, body($0.meaning, $0.source)) }
    }

    private func body(_ meaning: String, _ source: String?) -> [String] {
        Roff.sentences(meaning) + (source.map { [".br", "Source: \(Roff.line($0))."] } ?? [])
    }

    private var hazards: [String] {
        Hazard.Identifier.allCases.flatMap { hazard in
            let note = hazard.isAcceptable ? "; --accept \(hazard.rawValue) accepts it" : ""
            return Roff.item(hazard.rawValue, note: hazard.severity.rawValue + note, Roff.sentences(hazard.meaning))
        }
    }

    private var findings: [String] {
        Finding.Identifier.allCases.flatMap { finding in
            Roff.item(finding.rawValue, note: finding.severity.rawValue, Roff.sentences(finding.meaning))
        }
    }

    private var rules: [String] {
        Rule.all.flatMap { rule in
            let generations = Generation.allCases.filter(rule.holds(for:)).map(\.rawValue).joined(separator: ", ")
            return Roff.item(rule.id, note: generations, body(rule.statement, rule.source))
        }
    }

    /// Every group but those that have a place of their own.
    private var glossary: [String] {
        let elsewhere: Set<Term.Group> = [.generations, .exitCodes, .policyKeys, .steps]
        return Term.Group.allCases.filter { !elsewhere.contains($0) }.flatMap { group in
            [".SS \(Roff.line(group.heading))"] + terms(in: group)
        }
    }

    /// The members of a saved plan, with what its schema says of each.
    private func planMembers() throws -> [String] {
        let file = TestCaptures.repository.appendingPathComponent("docs/schemas/plan.schema.json")
        let schema = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        let members = schema?["properties"] as? [String: Any] ?? [:]
        return try members.keys.sorted().flatMap { name in
            let member = members[name] as? [String: Any]
            guard let meaning = member?["description"] as? String else {
                throw Problem(description: "docs/schemas/plan.schema.json does not describe \(name)")
            }
            return Roff.item(name, Roff.sentences(meaning))
        }
    }
}

extension Manual {
    /// `CAPTURE | ARGUMENTS`: the command as a person types it, and what it prints for a recorded machine, which is in the
    /// directory `host7`.
    private func example(_ text: String) throws -> [String] {
        let parts = text.split(separator: "|", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        guard parts.count == 2 else { throw Problem(description: "\(text): CAPTURE | ARGUMENTS") }
        let folder = TestCaptures.newDirectory()
        if parts[0] != "-" {
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/host7",
                withDestinationPath: try Self.root(parts[0]).path
            )
        }
        let output = try Self.run(tool, parts[1].split(separator: " ").map(String.init), in: folder)
        var lines = output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        while lines.last == "" { lines.removeLast() }
        return Roff.display(["# daxswitch \(parts[1])"] + lines)
    }

    /// `KERNEL/SCENARIO/MOMENT`, or a name of `TestCaptures.root(_:)`.
    private static func root(_ name: String) throws -> CaptureRoot {
        let parts = name.split(separator: "/").map(String.init)
        return parts.count == 3
            ? try TestCaptures.root(kernel: parts[0], scenario: parts[1], parts[2]) : try TestCaptures.root(name)
    }

    /// What a command prints on standard output, at 72 columns, which a manual has room for.
    private static func run(_ tool: String, _ arguments: [String], in folder: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = [
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "COLUMNS": "72", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1800000000",
        ]
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationReason == .exit, !bytes.isEmpty else {
            throw Problem(description: "\(arguments): nothing printed")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
