public import Machine

/// What the order of a policy brings, from every state that the model can reach.
public struct ProofResult: Sendable, Equatable {
    /// Each generation once.
    public var generations: [GenerationProof]

    /// A result.
    public init(generations: [GenerationProof]) { self.generations = generations }
}

/// What the order of a policy brings on the kernels of one generation.
public struct GenerationProof: Sendable, Equatable {
    /// The generation.
    public var generation: Generation
    /// States that can be reached.
    public var states = 0
    /// States in which what is wanted holds already, so that nothing is done.
    public var content = 0
    /// States from which the order brings what is wanted.
    public var brought = 0
    /// States in which the plan is refused.
    public var refused = 0
    /// In how many states each hazard refuses; a state can have several.
    public var refusedBy: [Hazard.Identifier: Int] = [:]
    /// The states in which the order doesn't bring what is wanted, alike ones together, those with the shortest trace first.
    public var failures: [ProofFailure] = []

    /// States in which nothing refuses the order although it ends elsewhere: none, as long as the planner is right.
    public var elsewhere: Int { states - content - brought - refused }

    /// A generation of which no state has been looked at.
    public init(generation: Generation) { self.generation = generation }
}

/// States in which the order of a policy doesn't bring what is wanted, all for the same reason.
public struct ProofFailure: Sendable, Equatable {
    /// What refuses the order, in the order of declaration; none where the order ends elsewhere.
    public var hazards: [Hazard.Identifier]
    /// The memory and what firmware programmed over it, in words.
    public var memory: String
    /// How many states.
    public var states: Int
    /// The nearest of them, in words.
    public var state: String
    /// A shortest way to it from a boot: steps, and `online-memory` where somebody onlines what kmem added.
    public var trace: [String]

    /// A failure.
    public init(hazards: [Hazard.Identifier], memory: String, states: Int, state: String, trace: [String]) {
        self.hazards = hazards
        self.memory = memory
        self.states = states
        self.state = state
        self.trace = trace
    }
}
