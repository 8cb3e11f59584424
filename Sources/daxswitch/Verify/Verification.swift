import Machine
import Ownership
import Policy

/// What `verify` finds out about one machine.
struct Verification {
    let machine: MachineState
    /// Each place where the machine is not as it should be.
    let differences: [Difference]
    /// What is wrong, or worth knowing, about the machine, with fixes; a saved plan is compared without them.
    private let planned: [Finding]?
    /// The policy's name; nil for a prediction.
    let policy: String?
    /// What the machine is compared with, as a person calls it.
    let title: String
    /// Why there is nothing to decide on this machine; nil if there is something, or a difference.
    let nothing: String?

    /// Reads the machine at `root` and compares it with what was asked.
    ///
    /// - Parameter named: Which of several machines it is, said in what goes to standard error.
    /// - Throws: `StalePlan` if a saved plan is of another host or kernel; `PlanningError`, `InspectionError`.
    init(_ asked: PolicyOrPlan, _ root: MachineRoot, _ overrides: Overrides, named: Bool = false) throws {
        let (machine, system) = try root.readWithSystem(named: named)
        self.machine = machine
        let unfinished = try root.unfinishedWork(on: machine, with: system)
        for work in unfinished where work.state == .running { Output.complain(work.failure.message) }
        switch asked {
        case .policy(let entry):
            let policy = entry.policy
            let findings = machineFindings(of: machine)
            planned = findings
            let planner = try Planner(machine: machine, overrides: overrides)
            differences = unfinished.differences + planner.differences(from: policy, on: machine, findings)
            (self.policy, title) = (policy.name, "policy \(policy.name)")
        case .plan(let saved, let file):
            let changes = saved.fingerprint.systemChanges(on: machine)
            guard changes.isEmpty else { throw StalePlan(file: file, changes: changes) }
            planned = nil
            differences = unfinished.differences + Target(of: saved).differences(on: machine)
            (policy, title) = (saved.policy?.name, file)
        }
        nothing = policy != nil && differences.isEmpty ? machine.whyNothingToDecide : nil
    }

    /// What is wrong, or worth knowing, about the machine. Of a saved plan's only which there are is counted: no fix is planned.
    var findings: [Finding] { planned ?? Ownership.findings(of: machine) { [] } }

    var status: ExitStatus { differences.isEmpty ? .done : .differs }
}

extension Planner {
    /// Where the machine is not as a policy wants, where a hold was left, where `/proc/iomem` lacks the lines of the owners that
    /// are there, and what is broken about the memory that the policy speaks of.
    fileprivate func differences(from policy: Policy, on machine: MachineState, _ findings: [Finding]) -> [Difference] {
        unmet(policy.want) + leftHold(against: policy)
            + compare(predict([]).prediction, with: machine).filter { $0.kind == .iomem }
            + policy.want.differences(findings, on: machine)
    }
}

/// `verify --json`.
func verifyDocument(_ verification: Verification) -> JSONValue {
    document(
        "verify",
        [
            "policy": JSONValue(verification.policy), "matches": .bool(verification.differences.isEmpty),
            "differences": differenceMembers(verification.differences),
        ]
    )
}

/// `verify` for people: all differences, or that there are no differences.
func verifyText(_ verification: Verification, _ detail: Detail = Detail(), style: Style) -> [Line] {
    let title = verification.title
    if let nothing = verification.nothing {
        let verdict: [Line] = ["Nothing to decide for \(title): \(nothing)."]
        return detail.isQuiet
            ? verdict
            : verdict + healthText(verification.findings, of: verification.machine, style)
                + findingsText(verification.findings, detail, style: style)
    }
    let differences = verification.differences
    guard !differences.isEmpty else { return [style.good("The machine matches \(title).")] }
    let verdict = [style.bad("\(counted(differences.count, "difference")) from \(title)")]
    if detail.isQuiet { return verdict }
    let folded = Folded(differences, detail)
    let list =
        folded.shown.enumerated().flatMap {
            wrapped("\($0.offset + 1). \(detail.shortened($0.element.what))", indent: 2)
        }
        + folded.rest("differences", detail, style)
    let map = detail.hasMap ? verifyMap(verification, detail, style: style).lines() : []
    return verdict + list + (map.isEmpty ? [] : [""] + map)
}

/// The map of `verify`: the owners now, with the differences marked.
func verifyMap(_ verification: Verification, _ detail: Detail, style: Style) -> MapText {
    let marks = verification.differences.map(MapMark.init)
    return MapText(verification.machine, marks: marks, detail, style: style)
}
