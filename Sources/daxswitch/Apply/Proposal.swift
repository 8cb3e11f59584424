import Inspection
import Machine
import Ownership
import Policy

/// A plan for the machine as it is now, from a policy or from a plan that was saved.
struct Proposal {
    let policy: Ownership.Policy
    let machine: MachineState
    let plan: Plan
    /// What replaces facts that are found.
    let overrides: Overrides
    /// Memory that is given back stays out of use.
    let leavesIdle: Bool

    /// Plans; a saved plan must come out the same again, before what `memory` asks for besides is put in.
    init(_ asked: PolicyOrPlan, memory: MemoryOptions) throws {
        leavesIdle = memory.leaveIdle
        switch asked {
        case .policy(let entry):
            policy = memory.consenting(entry.policy)
            overrides = Overrides()
            machine = try Inspector().read()
            plan = try Planner(machine: machine).plan(policy, leavesIdle: leavesIdle)
        case .plan(let saved, let file):
            guard let wanted = saved.policy else {
                throw PlanFileError(
                    file: file,
                    place: "kind",
                    message: "a prediction has no policy that says what is wanted; apply takes what plan --out wrote"
                )
            }
            policy = memory.consenting(wanted)
            overrides = saved.overrides
            machine = try Inspector().read()
            let changes = saved.fingerprint.changes(on: machine)
            guard changes.isEmpty else { throw Self.changed(file, changes) }
            let planner = try Planner(machine: machine, overrides: overrides)
            let again = planner.plan(wanted)
            guard again.steps == saved.plan.steps, owners(of: again) == owners(of: saved.plan) else {
                throw Self.changed(file, ["what the steps would bring"])
            }
            plan = planner.plan(policy, leavesIdle: leavesIdle)
        }
    }

    private static func changed(_ file: String, _ changes: [String]) -> Failure {
        Failure(
            .refused,
            code: "machine-changed",
            "\(file) was made for another state of the machine; changed: \(changes.joined(separator: ", ")). Plan anew"
        )
    }
}

/// Who will own what, without the words around it.
private func owners(of plan: Plan) -> [String] {
    plan.prediction.ranges.map { "\($0.range) \($0.owners.sorted())" }
}
