import Machine
import Ownership
import Policy
import SavedPlan

extension PolicyOrPlan {
    /// The plan to carry out on `machine`.
    ///
    /// A saved plan has the options that it was made with. It must come out as it was saved, before what `consents` asks for
    /// in addition is planned. If it was carried out already, so the machine is as it wants, there is nothing to do.
    /// - Throws: `StalePlan`, `PlanFileError` for a prediction, `PlanningError`.
    func plan(for machine: MachineState, _ consents: ConsentOptions) throws -> Plan {
        switch self {
        case .policy(let entry):
            return consents.plan(
                entry.policy,
                with: try Planner(
                    machine: machine,
                    overrides: Overrides(regions: try consents.regions.earlierRegions(of: machine))
                ),
                named: shellWord(path: entry.argument)
            )
        case .plan(let saved, let file):
            guard let policy = saved.policy else {
                throw PlanFileError(
                    file: file,
                    place: "kind",
                    message: "a prediction has no policy, so it can't be applied. Save a plan with plan --out"
                )
            }
            let changes = saved.fingerprint.changes(on: machine)
            guard changes.isEmpty else {
                if let nothing = saved.nothingToDo(on: machine) { return nothing }
                throw StalePlan(file: file, changes: changes)
            }
            var overrides = saved.request.overrides
            overrides.regions = try consents.regions.earlierRegions(of: machine) ?? overrides.regions
            let planner = try Planner(machine: machine, overrides: overrides)
            let again = try Planner.replan(saved, on: machine)
            let differences = saved.changes(to: again)
            guard differences.isEmpty else { throw StalePlan(file: file, changes: differences) }
            return consents.plan(policy, with: planner, after: saved.request)
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
