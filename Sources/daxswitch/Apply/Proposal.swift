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

    /// Plans; a saved plan must come out the same again, before what `memory` asks for besides is put in. One that was
    /// carried out, so that what it wants holds, comes out as nothing to do.
    ///
    /// - Parameter inspector: The reader of this machine.
    init(_ asked: PolicyOrPlan, memory: MemoryOptions, on inspector: Inspector = Inspector()) throws {
        leavesIdle = memory.leaveIdle
        switch asked {
        case .policy(let entry):
            policy = memory.consenting(entry.policy)
            overrides = Overrides()
            machine = try inspector.read()
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
            machine = try inspector.read()
            plan = try saved.plan(for: machine, policy: policy, leavesIdle: leavesIdle, file: file)
        }
    }
}

extension SavedPlan {
    /// The plan of `policy`, which is the saved one with further consents, for `machine`.
    fileprivate func plan(
        for machine: MachineState,
        policy: Ownership.Policy,
        leavesIdle: Bool,
        file: String
    ) throws -> Plan {
        var changes = fingerprint.changes(on: machine)
        guard changes.isEmpty else {
            guard fingerprint.identityChanges(on: machine).isEmpty, let nothing = nothingToDo(for: machine) else {
                throw StalePlan(file: file, changes: changes)
            }
            return nothing
        }
        let planner = try Planner(machine: machine, overrides: overrides)
        if let saved = self.policy { changes = plan.changes(to: planner.plan(saved)) }
        guard changes.isEmpty else { throw StalePlan(file: file, changes: changes) }
        return planner.plan(policy, leavesIdle: leavesIdle)
    }

    /// A plan without steps where the policy finds nothing to do any more, most likely since it was carried out.
    private func nothingToDo(for machine: MachineState) -> Plan? {
        // Where a range is not there any more, nothing is wanted of it, and that is not what was planned.
        guard let policy, fingerprint.isOfSameMemory(as: machine),
            let planner = try? Planner(machine: machine, overrides: overrides)
        else { return nil }
        let plan = planner.plan(policy)
        return plan.isEmpty && planner.unmet(policy.want).isEmpty ? plan : nil
    }
}

extension Plan {
    /// Where `other` has other steps, or they bring other owners; the words around them don't matter.
    fileprivate func changes(to other: Plan) -> [FactChange] {
        let steps = { (plan: Plan) in plan.steps.map(\.description).joined(separator: ", ") }
        let owners = { (plan: Plan) in
            plan.prediction.ranges.map { range in
                "\(range.range) \(range.owners.sorted().map(\.rawValue).joined(separator: " or "))"
            }.joined(separator: ", ")
        }
        return [
            FactChange(fact: "steps", before: steps(self), now: steps(other)),
            FactChange(fact: "what the steps bring", before: owners(self), now: owners(other)),
        ].filter(\.isChange)
    }
}
