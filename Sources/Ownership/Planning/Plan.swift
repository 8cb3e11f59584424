/// A request, the steps that serve it on one machine, and their result: what `plan` prints, `--out` saves, `apply` carries
/// out, the journal keeps and `verify` compares a machine with.
package struct Plan: Sendable, Equatable {
    /// What was asked for: enough to plan again.
    package var request: Request
    /// The steps without needless ones.
    package var steps: [Step]
    /// What will be after the steps.
    package var prediction: Prediction
    /// What would go wrong.
    package var hazards: [Hazard]
    /// The facts that all of this relies on.
    package var fingerprint: Fingerprint
    /// What else a reader must know, a sentence each.
    package var notes: [String] = []
    /// The one command that serves the request, planned before; nil if no command does.
    package var recommendation: String?
    /// When the plan was made, in UTC as ISO 8601 has it; nil where nobody said so.
    package var madeAt: String?

    /// A plan.
    package init(
        request: Request,
        steps: [Step],
        prediction: Prediction,
        hazards: [Hazard],
        fingerprint: Fingerprint,
        recommendation: String? = nil,
        madeAt: String? = nil
    ) {
        self.recommendation = recommendation
        self.madeAt = madeAt
        self.request = request
        self.steps = steps
        self.prediction = prediction
        self.hazards = hazards
        self.fingerprint = fingerprint
    }

    /// What somebody asked a planner for.
    package struct Request: Sendable, Equatable {
        /// The policy as it was when the plan was made; nil for a prediction of steps.
        package var policy: Policy?
        /// The steps asked for, in order.
        package var order: [Step]
        /// What replaces facts that are found.
        package var overrides: Overrides
        /// Memory that is taken offline stays out of use.
        package var leavesIdle: Bool
        /// The kinds of hazards that don't refuse the plan.
        package var accepted: Set<Hazard.Identifier>

        /// A request.
        package init(
            policy: Policy?,
            order: [Step],
            overrides: Overrides = Overrides(),
            leavesIdle: Bool = false,
            accepted: Set<Hazard.Identifier> = []
        ) {
            self.policy = policy
            self.order = order
            self.overrides = overrides
            self.leavesIdle = leavesIdle
            self.accepted = accepted
        }
    }

    /// The policy that was asked for; nil for a prediction.
    package var policy: Policy? { request.policy }

    /// Nothing is to be done.
    package var isEmpty: Bool { steps.isEmpty }

    /// The hazards that nobody accepted: they refuse the plan.
    package var openHazards: [Hazard] { hazards.filter { !request.accepted.contains($0.id) } }

    /// What the kernel prints as an error although it was foreseen, as parts of lines.
    ///
    /// The second to claim bytes is told so (drivers/dax/bus.c, 7.1 on: alloc_dax_region()), as dax_cxl is on the way back from
    /// a range that dax_hmem was unbound from; and a driver that meets a device
    /// which another resource cuts (drivers/dax/device.c: dev_dax_probe(); drivers/dax/kmem.c: dev_dax_kmem_probe()).
    package var expectedMessages: [String] {
        let conflicts =
            prediction.ranges.contains { $0.rules.contains(Rule.firstClaimWins.id) }
            || steps.contains { $0.verb == .unbindHmem }
        let cuts = hazards.contains { $0.id == .unbindable }
        return (conflicts ? ["dax_region resource conflict"] : []) + (cuts ? ["could not reserve"] : [])
    }
}
