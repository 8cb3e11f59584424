import ArgumentParser
import FoundationEssentials
import Machine
import Ownership
import Policy

/// `verify`: is the machine as a plan said, or as a policy wants?
struct VerifyCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Hold the machine against a saved plan or a policy, and list every difference.",
        discussion: """
            Ends with 4 where there is a difference, and where an earlier run stopped half-way. A saved plan is for one host and its kernel, in whichever boot; for \
            another one it is refused.
            """
    )

    @Argument(
        help: ArgumentHelp("A policy, or a file that plan --out wrote.", valueName: "planfile|policy"),
        completion: .policyNames
    )
    var subject: String

    @OptionGroup var root: RootOption
    @OptionGroup var json: JSONOption
    @OptionGroup var facts: OverrideOptions

    @Option(
        help: ArgumentHelp(
            "Write metrics to this file as well, for the textfile collector of Prometheus' node_exporter.",
            valueName: "file"
        )
    )
    var prometheus: String?

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        let asked = try PolicyOrPlan(subject)
        let machine = try root.read()
        let unfinished = try root.unfinishedWork(on: machine)
        for work in unfinished where work.state == .running { Output.complain(work.failure.message) }
        var differences = unfinished.differences
        var findings: [Finding] = []
        let name: String?
        let title: String
        switch asked {
        case .policy(let entry):
            findings = machineFindings(of: machine)
            differences += try unmet(entry.policy, on: machine, findings)
            (name, title) = (entry.policy.name, "policy \(entry.policy.name)")
        case .plan(let saved, let file):
            let changes = saved.fingerprint.systemChanges(on: machine)
            guard changes.isEmpty else { throw StalePlan(file: file, changes: changes) }
            differences += Target(of: saved).differences(on: machine)
            (name, title) = (saved.policy?.name, file)
        }
        if wantsJSON {
            Output.print(verifyDocument(differences, policy: name))
        } else {
            let nothing = name != nil && differences.isEmpty ? machine.whyNothingToDecide : nil
            Output.print(verifyText(differences, against: title, nothing: nothing, style: .current))
            if nothing != nil {
                Output.print(findingsText(findings, of: machine, style: .current, showsEvidence: false))
            }
        }
        let status: ExitStatus = differences.isEmpty ? .done : .differs
        return try prometheus.map { try write(differences, machine, subject: name ?? title, to: $0, status) } ?? status
    }

    /// Where the machine is not as a policy wants, where a hold was left, where `/proc/iomem` lacks the lines of the owners that
    /// are there, and what is broken about the memory that the policy speaks of.
    private func unmet(
        _ policy: Policy,
        on machine: MachineState,
        _ findings: [Finding]
    ) throws(PlanningError) -> [Difference] {
        let planner = try Planner(machine: machine, overrides: facts.overrides)
        let present = planner.predict([]).prediction
        return planner.unmet(policy.want) + planner.leftHold(against: policy)
            + compare(present, with: machine).filter { $0.kind == .iomem }
            + policy.want.differences(findings, on: machine)
    }

    /// Writes the metrics; a file that can't be written does not hide a difference.
    private func write(
        _ differences: [Difference],
        _ machine: MachineState,
        subject: String,
        to path: String,
        _ status: ExitStatus
    ) throws -> ExitStatus {
        let time = Int(Date.now.timeIntervalSince1970)
        do {
            try FileText.write(
                verifyMetrics(differences, machine: machine, subject: subject, time: time),
                to: path,
                isPrivate: false
            )
        } catch {
            Output.complain(error.message)
            return status == .done ? error.status : status
        }
        return status
    }
}

/// `verify --json`.
func verifyDocument(_ differences: [Difference], policy: String?) -> JSONValue {
    document(
        "verify",
        [
            "policy": JSONValue(policy), "matches": .bool(differences.isEmpty),
            "differences": differenceMembers(differences),
        ]
    )
}

/// `verify` for people: all differences, or that there is none.
///
/// - Parameter nothing: Why there is nothing to decide on this machine; nil where there is something.
func verifyText(
    _ differences: [Difference],
    against subject: String,
    nothing: String? = nil,
    style: Style
) -> [Line] {
    if let nothing { return ["Nothing to decide for \(subject): \(nothing)."] }
    guard !differences.isEmpty else { return [style.good("The machine is as \(subject) says.")] }
    return [style.bad("\(counted(differences.count, "difference")) from \(subject)")]
        + differences.flatMap { wrapped($0.what, indent: 2) }
}
