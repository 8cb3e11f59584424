import FoundationEssentials
import LinuxSystem
import Machine
import Ownership
import SavedPlan

/// A command about many machines: each is printed as soon as those before it are, and then a summary.
struct Fleet {
    /// The commands that take many machines; the raw value is the word in the summary's document.
    enum Command: String {
        case status, plan, verify
    }

    let command: Command
    /// The policy's name; nil where the command has none.
    let policy: String?
    let wantsJSON: Bool
    let style: Style

    init(_ command: Command, policy: String? = nil, wantsJSON: Bool, style: Style) {
        self.command = command
        self.policy = policy
        self.wantsJSON = wantsJSON
        self.style = style
    }

    /// Says of each machine what `body` finds out about it, then the summary. The processors share the machines.
    ///
    /// - Parameter body: Called in a process of its own, with what it writes to standard error passed on. What it throws is the
    ///   error of that machine alone.
    /// - Returns: The most severe status of all machines.
    /// - Throws: `Failure` if no machine is named, or if a list of them can't be read; `SystemError`.
    func run(over roots: RootsOption, _ body: (MachineRoot, inout FleetEntry) throws -> Void) throws -> ExitStatus {
        var tally = FleetTally()
        let workers = WorkerProcesses()
        func report(_ root: MachineRoot) -> FleetReport {
            var entry = FleetEntry()
            do { try body(root, &entry) } catch { entry.fail(Failure(error)) }
            return FleetReport(entry: entry, text: text(entry, root))
        }
        func work(_ path: [UInt8]) -> [UInt8] { report(MachineRoot(path: String(decoding: path, as: UTF8.self))).bytes }
        func say(_ report: FleetReport) {
            tally.add(report.entry)
            Output.print(whole: report.text)
        }
        func sayOldest() throws {
            let answer = try workers.take(work)
            Output.pass(complaints: answer.complaints)
            guard let bytes = answer.bytes else {
                let root = MachineRoot(path: String(decoding: answer.task, as: UTF8.self))
                var entry = FleetEntry()
                entry.fail(Failure(SystemError(.ended, "the process that read the machine was killed")))
                return say(FleetReport(entry: entry, text: text(entry, root)))
            }
            say(try FleetReport(bytes))
        }
        func sayAll() throws { while workers.hasOutstanding { try sayOldest() } }

        do {
            try roots.forEach(pausing: sayAll) { root in
                let task = Array(root.path.utf8)
                while !workers.hasRoom(for: task) { try sayOldest() }
                if !workers.give(task, work) { say(report(root)) }
            }
        } catch {
            // What was said of a machine comes before the error that ends the list.
            if !(error is SystemError) { try sayAll() }
            throw error
        }
        try sayAll()
        if wantsJSON {
            Output.print(line: fleetDocument(tally, of: self))
        } else {
            Output.print([""] + fleetText(tally, of: command, style: style))
        }
        return tally.status
    }

    /// The line of a machine, with its end.
    private func text(_ entry: FleetEntry, _ root: MachineRoot) -> String {
        let line =
            wantsJSON
            ? JSONValue.form(FleetLine(document: entry.document, root: root.path)).renderedLine
            : fleetLine(entry, root: root.path, of: command, style: style).rendered
        return line + "\n"
    }
}

/// What is counted of a machine and what is printed of it, as one process sends it to another.
private struct FleetReport {
    let entry: FleetEntry
    let text: String

    init(entry: FleetEntry, text: String) {
        self.entry = entry
        self.text = text
    }

    /// What `bytes` made of a report.
    init(_ bytes: [UInt8]) throws {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
        entry = try FleetEntry(json: bytes[..<end])
        text = String(decoding: bytes[end...].dropFirst(), as: UTF8.self)
    }

    /// The counts on a line, then the text.
    var bytes: [UInt8] { Array("\(JSONText.line(entry))\n\(text)".utf8) }
}

/// What a command says of one machine among many. Encoded is what the summary counts.
struct FleetEntry: Codable {
    /// How the machine stands.
    var result = FleetResult.failed
    /// How much there is to say, as `5 steps`.
    var amount = ""
    /// What there is to say, a word each.
    var notes: [String] = []
    /// What the command prints with `--json` about this machine.
    var document: any Encodable = JSONValue.null
    /// How the command ends about this machine alone.
    var status = ExitStatus.done
    /// The hazards that refuse the plan.
    var refusedBy: Set<Hazard.Identifier> = []
    /// Some range has more than one possible owner.
    var isUncertain = false
    /// What is wrong, or worth knowing; nil if the machine could not be read.
    private(set) var findings: Set<Finding.Identifier>?
    /// The health of the machine; nil if it could not be read.
    private(set) var health: Health?
    /// The code of the error; nil if there was none.
    private(set) var error: String?

    private enum CodingKeys: String, CodingKey {
        case result, status, refusedBy, isUncertain, findings, health, error
    }

    /// What is wrong with `machine`, or worth knowing.
    mutating func note(_ findings: [Finding], of machine: MachineState) {
        self.findings = Set(findings.map(\.id))
        health = Health(findings, of: machine)
    }

    /// The machine could not be read, or nothing can be said about it.
    mutating func fail(_ failure: Failure) {
        result = .failed
        amount = ""
        notes = ["\(failure.message) (\(failure.status.rawValue))"]
        document = errorDocument(failure)
        status = failure.status
        error = failure.code
    }
}

/// A document with the name of the machine that it is about.
private struct FleetLine: Encodable {
    let document: any Encodable
    let root: String

    private enum CodingKeys: String, CodingKey { case root }

    func encode(to encoder: any Encoder) throws {
        try document.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(root, forKey: .root)
    }
}

/// The last line of `--json` about many machines.
private func fleetDocument(_ tally: FleetTally, of fleet: Fleet) -> JSONValue {
    func counts<Key>(_ counts: [Key: Int], _ word: (Key) -> String) -> JSONValue {
        .object(Dictionary(counts.map { (word($0.key), JSONValue($0.value)) }) { first, _ in first })
    }
    let results: [(String, FleetResult)] = [
        ("changes", .changes), ("nothing_to_do", .nothingToDo), ("refused", .refused), ("matches", .matches),
        ("differs", .differs), ("failed", .failed),
    ]
    let members: [String: JSONValue] = [
        "command": .text(fleet.command.rawValue), "policy": JSONValue(fleet.policy), "hosts": JSONValue(tally.hosts),
        "uncertain": JSONValue(tally.uncertain), "refused_by": counts(tally.refusedBy, \.rawValue),
        "failed_by": counts(tally.failedBy) { $0 }, "findings": counts(tally.findings, \.rawValue),
        "health": .object(
            Dictionary(Health.allCases.map { ($0.rawValue, JSONValue(tally.health[$0, default: 0])) }) { _, last in last
            }
        ),
    ]
    return document(
        "fleet",
        results.reduce(into: members) { $0[$1.0] = JSONValue(tally.results[$1.1, default: 0]) }
    )
}

// Their raw values are the words of the documents.
extension Hazard.Identifier: Codable {}
extension Finding.Identifier: Codable {}
extension Health: Codable {}
