internal import Machine

extension Plan {
    /// What a plan comes to, in one word; the raw value is the word in the JSON documents.
    package enum Verdict: String, Sendable {
        /// What is wanted is so already.
        case nothingToDo = "nothing-to-do"
        /// The steps bring what is wanted, and nothing speaks against them.
        case safe
        /// A hazard stands against the steps.
        case refused
        /// Who owns the memory afterwards depends on what can't be known.
        case uncertain
    }

    /// What the plan comes to.
    package var verdict: Verdict {
        if hazards.isEmpty { return isEmpty ? .nothingToDo : prediction.isCertain ? .safe : .uncertain }
        return hazards.allSatisfy { $0.id == .nondeterministic } ? .uncertain : .refused
    }
}

extension Planner {
    /// The one command that serves `policy` here, each planned before it is named: apply as it is, apply with the memory
    /// taken offline, or the choice for the next boot; nil if none does.
    ///
    /// - Parameter named: The word that names the policy in a command.
    func recommendation(for plan: Plan, named: String) -> String? {
        guard let policy = plan.policy, !plan.isEmpty else { return nil }
        let apply = "daxswitch apply \(named)"
        switch plan.verdict {
        case .nothingToDo: return nil
        case .safe: return apply + (policy.consent.offlineMemory ? " --offline-memory" : "")
        case .refused, .uncertain: break
        }
        if !policy.consent.offlineMemory, plan.hazards.contains(where: { $0.id == .memoryOnline }) {
            var offlining = policy
            offlining.consent.offlineMemory = true
            let outcome = outcome(of: offlining)
            if outcome.hazards.isEmpty && outcome.prediction.isCertain { return apply + " --offline-memory" }
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
