import Machine
import Ownership
import Policy
import SavedPlan

extension PolicyOrPlan {
    /// The plan to carry out on `machine`.
    ///
    /// A saved plan must come out the same again, before what `memory` asks for in addition is planned. If it was carried out
    /// already, so that the machine is as it wants, there is nothing to do.
    /// - Throws: `StalePlan`, `PlanFileError` for a prediction, `PlanningError`.
    func plan(for machine: MachineState, memory: MemoryOptions) throws -> Plan {
        switch self {
        case .policy(let entry):
            return try Planner(machine: machine)
                .plan(
                    memory.consenting(entry.policy),
                    leavesIdle: memory.leaveIdle,
                    named: shellWord(path: entry.argument)
                )
        case .plan(let saved, let file):
            guard let policy = saved.policy else {
                throw PlanFileError(
                    file: file,
                    place: "kind",
                    message: "a prediction has no policy that says what is wanted; apply takes what plan --out wrote"
                )
            }
            let changes = saved.fingerprint.changes(on: machine)
            guard changes.isEmpty else {
                if let nothing = saved.nothingToDo(on: machine) { return nothing }
                throw StalePlan(file: file, changes: changes)
            }
            let planner = try Planner(machine: machine, overrides: saved.request.overrides)
            let differences = saved.changes(to: planner.plan(policy))
            guard differences.isEmpty else { throw StalePlan(file: file, changes: differences) }
            return planner.plan(memory.consenting(policy), leavesIdle: memory.leaveIdle)
        }
    }
}

extension Plan {
    /// A plan without steps if the policy has nothing to do on `machine`, most likely since this plan was carried out; nil
    /// on another host, boot or kernel.
    fileprivate func nothingToDo(on machine: MachineState) -> Plan? {
        // Nothing is wanted of a range that is gone, and that is not what was planned.
        guard let policy, fingerprint.identityChanges(on: machine).isEmpty, fingerprint.isOfSameMemory(as: machine),
            let planner = try? Planner(machine: machine, overrides: request.overrides)
        else { return nil }
        let plan = planner.plan(policy)
        return plan.isEmpty && planner.unmet(policy.want).isEmpty ? plan : nil
    }
}
