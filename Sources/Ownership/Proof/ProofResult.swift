package import Machine

/// The result of the order of a policy, from every state that the model can reach.
package struct ProofResult: Sendable, Equatable {
    /// Each generation once.
    package var generations: [GenerationProof]

    /// A result.
    package init(generations: [GenerationProof]) { self.generations = generations }
}

/// The result of the order of a policy on the kernels of one generation.
package struct GenerationProof: Sendable, Equatable {
    /// The generation.
    package var generation: Generation
    /// States that can be reached.
    package var states = 0
    /// States in which what is wanted holds already, so nothing is done.
    package var content = 0
    /// States from which the order leads to what is wanted.
    package var brought = 0
    /// States in which the plan is refused.
    package var refused = 0
    /// In how many states each hazard refuses; a state can have several.
    package var refusedBy: [Hazard.Identifier: Int] = [:]
    /// The states in which the order does not lead to what is wanted, alike ones together, those with the shortest trace first.
    package var failures: [ProofFailure] = []

    /// States in which nothing refuses the order although it ends elsewhere: none, as long as the planner is right.
    package var elsewhere: Int { states - content - brought - refused }

    /// A generation of which no state has been looked at.
    package init(generation: Generation) { self.generation = generation }
}

/// States in which the order of a policy does not lead to what is wanted, all for the same reason.
package struct ProofFailure: Sendable, Equatable {
    /// What refuses the order, in the order of declaration; none where the order ends elsewhere.
    package var hazards: [Hazard.Identifier]
    /// The memory and what firmware programmed over it, in words.
    package var memory: String
    /// How many states.
    package var states: Int
    /// The nearest of them, in words.
    package var state: String
    /// A shortest way to it from a boot: steps, and `online-memory` where somebody onlines what kmem added.
    package var trace: [String]

    /// A failure.
    package init(hazards: [Hazard.Identifier], memory: String, states: Int, state: String, trace: [String]) {
        self.hazards = hazards
        self.memory = memory
        self.states = states
        self.state = state
        self.trace = trace
    }
}
