import Iomem
import Machine

/// A policy, held against every state that the model can reach from any boot, on each generation.
///
/// The plans are the planner's own, made from what a reader of each state would find; their result is found by
/// playing their steps from the state as it really is.
package struct PolicyProof: Sendable {
    let policy: Policy

    /// A proof of `policy`, not yet carried out.
    package init(_ policy: Policy) { self.policy = policy }

    /// Looks at every state.
    package func run() -> ProofResult {
        ProofResult(generations: Generation.allCases.map(run))
    }

    private func run(_ generation: Generation) -> GenerationProof {
        var proof = GenerationProof(generation: generation)
        var failures: [Reason: ProofFailure] = [:]
        for scenario in ProofScenario.all(generation) {
            let search = ProofSearch(scenario)
            for (index, state) in search.states.enumerated() {
                proof.states += 1
                switch verdict(state) {
                case .content: proof.content += 1
                case .brought: proof.brought += 1
                case .failed(let hazards):
                    proof.refused += hazards.isEmpty ? 0 : 1
                    for hazard in hazards { proof.refusedBy[hazard, default: 0] += 1 }
                    let reason = Reason(hazards: hazards, memory: scenario.words)
                    if failures[reason] == nil {
                        failures[reason] = ProofFailure(
                            hazards: hazards,
                            memory: scenario.words,
                            states: 0,
                            state: state.words,
                            trace: search.trace(to: index)
                        )
                    }
                    failures[reason]?.states += 1
                }
            }
        }
        proof.failures = failures.values.sorted { one, other in one.order.lexicographicallyPrecedes(other.order) }
        return proof
    }

    private struct Reason: Hashable {
        var hazards: [Hazard.Identifier]
        var memory: String
    }

    enum Verdict: Equatable {
        case content
        case brought
        /// Refused by these hazards; by none where the steps end elsewhere.
        case failed([Hazard.Identifier])
    }

    /// What becomes of `policy` in `state`.
    func verdict(_ state: ProofState) -> Verdict {
        guard let plan = state.outcome(of: policy) else { return .failed([]) }
        let hazards = Set(plan.hazards.map(\.id))
        if !hazards.isEmpty { return .failed(Hazard.Identifier.allCases.filter(hazards.contains)) }
        let ends = state.playing(plan.steps)
        let wishes = state.wishes(of: policy.want)
        guard !ends.isEmpty, ends.allSatisfy({ $0.fulfils(wishes) }) else { return .failed([]) }
        return plan.steps.isEmpty ? .content : .brought
    }
}

extension ProofState {
    /// The planner's answer for what a reader finds in this state; nil where it makes none.
    func outcome(of policy: Policy) -> Planner.Walk? {
        do {
            return try Planner(machine: machine).outcome(of: policy)
        } catch {
            return nil
        }
    }

    /// Where `steps` lead from this state as it really is; nowhere where the kernel refuses one.
    func playing(_ steps: [Step]) -> [ProofState] {
        var states = [self]
        for step in steps {
            // What a step leaves open, a later one may close: without this the states double with each.
            var known: Set<UInt64> = []
            states = states.flatMap { $0.following(step) }.filter { known.insert($0.key).inserted }
        }
        return states
    }

    /// The owners that `want` has for what lies over the bytes here, range by range as plans have them.
    func wishes(of want: Policy.Want) -> [(range: AddressRange, owner: Owner)] {
        let index = ModelIndex(model)
        return cut(scenario.ranges, at: model.regions.map(\.range)).compactMap { range in
            want.owner(over: range, in: index).map { (range, $0) }
        }
    }

    /// Whether each of `wishes` is met here.
    func fulfils(_ wishes: [(range: AddressRange, owner: Owner)]) -> Bool {
        wishes.allSatisfy { wish in
            scenario.blocks.allSatisfy { !$0.overlaps(wish.range) || model.owner(of: $0) == wish.owner }
        }
    }
}

extension ProofFailure {
    /// Short traces first, then by words, so the order never varies.
    fileprivate var order: [String] {
        let length = String(trace.count)
        let padded = String(repeating: "0", count: max(0, 3 - length.count)) + length
        return [padded, memory] + hazards.map { $0.rawValue }
    }
}
