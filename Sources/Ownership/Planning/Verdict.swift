internal import Machine

extension Plan {
    /// What a plan comes to, in one word; the raw value is the word in the JSON documents.
    package enum Verdict: String, Sendable, CaseIterable {
        /// What is wanted is so already.
        case nothingToDo = "nothing-to-do"
        /// The steps lead to what is wanted, and nothing speaks against them.
        case safe
        /// The steps have hazards, and all of them were accepted.
        case accepted
        /// A hazard that was not accepted stands against the steps.
        case refused
        /// Who owns the memory afterwards depends on what can't be known.
        case uncertain
    }

    /// What the plan comes to.
    package var verdict: Verdict {
        let open = openHazards
        guard open.isEmpty else { return open.allSatisfy { $0.id == .nondeterministic } ? .uncertain : .refused }
        if isEmpty { return .nothingToDo }
        if !hazards.isEmpty { return .accepted }
        return prediction.isCertain ? .safe : .uncertain
    }
}

extension Planner {
    /// The one command that serves `policy` here, each planned before it is named: apply as it is, apply with the memory
    /// taken offline, or the choice for the next boot; nil if none does.
    ///
    /// - Parameter named: The word that names the policy in a command.
    func recommendation(for plan: Plan, named: String) -> String? {
        guard let policy = plan.policy, !plan.isEmpty else { return nil }
        let request = plan.request
        // `apply` of a policy goes by the facts that it finds.
        let canApply = request.overrides == Overrides(regions: request.overrides.regions)
        let apply = { (offlining: Bool, hazards: [Hazard]) in
            let taken = request.accepted.intersection(hazards.map(\.id)).map(\.rawValue).sorted()
            let options =
                (request.overrides.regions.map { ["--regions-from", shellWord(path: $0.file)] } ?? [])
                + (offlining ? ["--offline-memory"] : []) + (request.leavesIdle ? ["--leave-idle"] : [])
                + taken.map { "--accept \($0)" }
            return (["daxswitch apply \(named)"] + options).joined(separator: " ")
        }
        switch plan.verdict {
        case .nothingToDo: return nil
        case .safe, .accepted: return canApply ? apply(policy.consent.offlineMemory, plan.hazards) : nil
        case .refused, .uncertain: break
        }
        if canApply, !policy.consent.offlineMemory, plan.openHazards.contains(where: { $0.id == .memoryOnline }) {
            var offlining = policy
            offlining.consent.offlineMemory = true
            let outcome = outcome(of: offlining, leavesIdle: request.leavesIdle)
            if outcome.hazards.allSatisfy({ request.accepted.contains($0.id) }) && outcome.prediction.isCertain {
                return apply(true, outcome.hazards)
            }
        }
        // A policy without a wish is about the modules now: a reboot is not what was asked for.
        guard policy.want.coveredByRegion != nil else { return nil }
        let boot = NextBoot(of: machine)
        if !plan.hazards.isEmpty && plan.hazards.allSatisfy(boot.repeats) { return nil }
        guard let choice = boot.choice(for: policy), machine.persisted != choice, boot.hazards(of: choice).isEmpty,
            choice == .hmem || boot.bringsCxl(policy.want)
        else {
            return nil
        }
        return machine.persistCommand(choice)
    }
}
