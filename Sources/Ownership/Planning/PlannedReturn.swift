import Iomem
import Machine

/// Whether a run of a plan could be rolled back once it is done, found out before its first step.
package enum PlannedReturn: Sendable, Equatable {
    /// These steps lead back, without a hazard.
    case certain([Step])
    /// No way back is certain, and why.
    case uncertain(String)
}

extension Planner {
    /// The way back from what `plan` makes of this machine to what the machine is now.
    ///
    /// A hazard that the plan has itself was accepted or refused with it; the way back may have no other. `wayBack` finds
    /// the same steps once the plan is done.
    package func wayBack(after plan: Plan) -> PlannedReturn {
        let original = OwnershipGoal(of: machine)
        let isLeftOnline = plan.steps.contains { step in
            guard let zone = step.use?.zone else { return false }
            return zone == .kernel || zone == .automatic
        }
        if isLeftOnline {
            return .uncertain("it puts memory online in a zone from which it may not go offline again")
        }
        let own = plan.hazards + predict(plan.steps).hazards
        let unbound = plan.steps.compactMap { step -> AddressRange? in
            if case .unbindHmem(let range) = step { range } else { nil }
        }
        let offline = plan.steps.compactMap { $0.use?.zone == .movable ? $0.range.map(Step.offlineMemory) : nil }
        var obstacle: String?
        for way in candidates(to: original, unbound: unbound) {
            let steps = offline + way
            let both = predict(plan.steps + steps)
            let hazard = both.hazards.first { !own.covers($0) && !Self.isOriginal.contains($0.id) }
            let differences = original.differences(from: OwnershipGoal(after: both, isHeld: machine.isHeld))
            if hazard == nil && both.prediction.isCertain && differences.isEmpty { return .certain(steps) }
            obstacle =
                obstacle ?? hazard.map { "\($0.id.rawValue) (\($0.subject)): \($0.why)" } ?? differences.first
                ?? both.prediction.missingFacts.first
        }
        return .uncertain(obstacle ?? "its outcome is not certain")
    }
}

extension Planner {
    /// The first of `policies` that restores what the machine is now once `plan` is done; nil if none does.
    ///
    /// What a policy wants must be so now and not then: else applying it would change nothing, or lead elsewhere.
    package func policy(backFrom plan: Plan, among policies: [Policy]) -> Policy? {
        let original = OwnershipGoal(of: machine)
        return policies.first { policy in
            guard unmet(policy.want).isEmpty, isUnmet(policy.want, after: plan) else { return false }
            let both = predict(plan.steps + policy.order)
            return both.prediction.isCertain && both.hazards.allSatisfy(plan.hazards.covers)
                && original.differences(from: OwnershipGoal(after: both, isHeld: machine.isHeld)).isEmpty
        }
    }

    private func isUnmet(_ want: Policy.Want, after plan: Plan) -> Bool {
        plan.prediction.ranges.contains { range in
            start.indexes.contains { index in
                want.owner(over: range.range, in: index).map { range.owners != [$0] } ?? false
            }
        }
    }
}
