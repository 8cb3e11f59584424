import Machine
import Ownership

/// A command about one machine after the other: each is printed before the next is read, and then a summary.
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
    private(set) var tally = FleetTally()

    init(_ command: Command, policy: String? = nil, wantsJSON: Bool, style: Style) {
        self.command = command
        self.policy = policy
        self.wantsJSON = wantsJSON
        self.style = style
    }

    /// Says of each machine what `body` finds out about it, then the summary.
    ///
    /// - Parameter body: What it throws is the error of that machine alone.
    /// - Returns: The most severe status of all machines.
    /// - Throws: `Failure` if no machine is named, or if a list of them can't be read.
    func run(over roots: RootsOption, _ body: (MachineRoot, inout FleetEntry) throws -> Void) throws -> ExitStatus {
        var fleet = self
        try roots.forEach { root in
            var entry = FleetEntry()
            do { try body(root, &entry) } catch { entry.fail(Failure(error)) }
            fleet.add(entry, root)
        }
        if wantsJSON {
            Output.print(line: fleetDocument(fleet.tally, of: self))
        } else {
            Output.print([""] + fleetText(fleet.tally, of: command, style: style))
        }
        return fleet.tally.status
    }

    private mutating func add(_ entry: FleetEntry, _ root: MachineRoot) {
        tally.add(entry)
        if wantsJSON {
            Output.print(line: .form(FleetLine(document: entry.document, root: root.path)))
        } else {
            Output.print([fleetLine(entry, root: root.path, of: command, style: style)], isWhole: true)
        }
    }
}

/// What a command says of one machine among many.
struct FleetEntry {
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
    private(set) var findings: [Finding]?
    /// The health of the machine; nil if it could not be read.
    private(set) var health: Health?
    /// The code of the error; nil if there was none.
    private(set) var error: String?

    /// What is wrong with `machine`, or worth knowing.
    mutating func note(_ findings: [Finding], of machine: MachineState) {
        self.findings = findings
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
