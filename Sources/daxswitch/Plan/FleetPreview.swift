import Inspection
import Ownership

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
            let plan = try Planner(machine: machine, overrides: overrides).plan(policy)
            tally.add(plan)
            if wantsJSON {
                let document = planDocument(
                    plan,
                    of: policy.order,
                    policy: policy,
                    overrides: overrides,
                    machine: machine
                )
                Output.print(line: document, of: root)
            } else {
                Output.print([fleetLine(plan, root: root, style: .current)])
            }
        } catch {
            let failure = Failure(error)
            tally.add(failure)
            if wantsJSON {
                Output.print(line: errorDocument(failure), of: root)
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

extension Output {
    /// A document on one line, with the directory it is about.
    fileprivate static func print(line document: JSONValue, of root: String) {
        print(line: document.adding("root", .text(root)))
    }
}
