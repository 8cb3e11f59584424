import Inspection
import Machine
import Ownership
import SavedPlan

/// A policy planned for one machine after the other, each printed before the next is read.
struct FleetPreview {
    let policy: Policy
    let overrides: Overrides
    let wantsJSON: Bool
    private(set) var tally = FleetTally()

    init(_ policy: Policy, overrides: Overrides, wantsJSON: Bool) {
        self.policy = policy
        self.overrides = overrides
        self.wantsJSON = wantsJSON
    }

    /// Plans for the machine recorded in `root` and prints its line; an error is that machine's alone.
    mutating func add(_ root: String) {
        do {
            let machine = try Inspector(root: root).read()
            machine.material.complain(about: root)
            let plan = try Planner(machine: machine, overrides: overrides).plan(policy)
            tally.add(plan)
            if wantsJSON {
                Output.print(line: .form(FleetLine(document: plan, root: root)))
            } else {
                Output.print([fleetLine(plan, root: root, style: .current)])
            }
        } catch {
            let failure = Failure(error)
            tally.add(failure)
            if wantsJSON {
                Output.print(line: .form(FleetLine(document: errorDocument(failure), root: root)))
            } else {
                Output.print([fleetLine(failure, root: root, style: .current)])
            }
        }
    }

    /// Prints the counts.
    func summarize() {
        if wantsJSON {
            Output.print(line: fleetDocument(tally, policy: policy.name))
        } else {
            Output.print(fleetText(tally, style: .current))
        }
    }
}

/// A document with the directory of the machine that it is about.
private struct FleetLine<Document: Encodable>: Encodable {
    let document: Document
    let root: String

    private enum CodingKeys: String, CodingKey { case root }

    func encode(to encoder: any Encoder) throws {
        try document.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(root, forKey: .root)
    }
}

/// The last line of `plan --json` over many machines.
private func fleetDocument(_ tally: FleetTally, policy: String) -> JSONValue {
    document(
        "fleet",
        [
            "policy": .text(policy), "hosts": JSONValue(tally.hosts),
            "changes": JSONValue(tally.results[.changes, default: 0]),
            "nothing_to_do": JSONValue(tally.results[.nothingToDo, default: 0]),
            "refused": JSONValue(tally.results[.refused, default: 0]),
            "failed": JSONValue(tally.results[.failed, default: 0]), "uncertain": JSONValue(tally.uncertain),
            "refused_by": .object(
                Dictionary(tally.refusedBy.map { ($0.key.rawValue, JSONValue($0.value)) }) { first, _ in first }
            ),
            "failed_by": .object(tally.failedBy.mapValues { JSONValue($0) }),
        ]
    )
}
