import Iomem
package import Machine

/// Turns a policy or a list of steps into a plan for one machine. Pure: the machine is a value and nothing is touched.
package struct Planner: Sendable {
    let machine: MachineState
    let start: Unknowns
    /// Who owns what now.
    let owned: [OwnedRange]
    let overrides: Overrides
    /// The bytes of the regions that the machine itself shows as lost.
    let lostBefore: Set<AddressRange>
    private let fingerprint: Fingerprint

    /// A planner for `machine`.
    ///
    /// - Throws: `PlanningError` if it is not known which rules the kernel follows.
    package init(machine: MachineState, overrides: Overrides = Overrides()) throws(PlanningError) {
        lostBefore = Set(machine.lostRegions.map(\.range))
        let machine = machine.losing(overrides.regions)
        self.machine = machine
        self.overrides = overrides
        start = try Unknowns(of: machine, overrides: overrides)
        owned = ownedRanges(of: machine, start.models.first?.constants.under ?? UnitMemory(of: machine))
        fingerprint = Fingerprint(of: machine)
    }

    /// What `plan` was asked for, planned again for `machine`.
    ///
    /// - Throws: `PlanningError` if it is not known which rules the kernel follows.
    package static func replan(_ plan: Plan, on machine: MachineState) throws(PlanningError) -> Plan {
        let request = plan.request
        let planner = try Planner(machine: machine, overrides: request.overrides)
        guard let policy = request.policy else { return planner.predict(request.order) }
        return planner.plan(policy, leavesIdle: request.leavesIdle, accepting: request.accepted)
    }

    /// The steps of `policy` that are needed, with their result; no steps if the machine is already as it wants.
    ///
    /// If the policy consents to it, memory in the way is taken offline first; `leavesIdle` keeps it out of use afterwards.
    /// Where single regions can be handed over without harm, these steps take the place of the policy's order.
    ///
    /// - Parameters:
    ///   - accepted: The kinds of hazards that don't refuse the plan. They don't change its steps.
    ///   - named: The word that names the policy in a command; nil: its name.
    package func plan(
        _ policy: Policy,
        leavesIdle: Bool = false,
        accepting accepted: Set<Hazard.Identifier> = [],
        named: String? = nil
    ) -> Plan {
        let request = Plan.Request(
            policy: policy,
            order: policy.order,
            overrides: overrides,
            leavesIdle: leavesIdle,
            accepted: accepted
        )
        var plan = plan(asked(policy, leavesIdle: leavesIdle), for: request)
        plan.recommendation = recommendation(for: plan, named: named ?? policy.name)
        return plan
    }

    /// What `policy` comes to, without what only a reader of the plan needs.
    func outcome(of policy: Policy, leavesIdle: Bool = false) -> Walk {
        asked(policy, leavesIdle: leavesIdle).walk
    }

    /// The steps that serve `policy`, and what they come to.
    private func asked(_ policy: Policy, leavesIdle: Bool) -> Asked {
        if holds(policy.want) {
            let steps = stepsOnLeftHold(for: policy)
            guard hasLostRegion(for: policy) else { return Asked(steps, self, policy) }
            let restoring = Asked(
                restoringDevices(restoringRegions(steps), leavingIdle: leavesIdle),
                self,
                policy
            )
            // Where the regions need more than that, the policy's order may do it.
            if restoring.walk.isSafe && restoring.walk.restores(for: policy.want) { return restoring }
            let whole = Asked(asking(policy, leavesIdle), self, policy)
            return whole.walk.isSafe && whole.walk.restores(for: policy.want) ? whole : Asked(steps, self, policy)
        }
        if let obstacle = noDaxCxl(for: policy.want) { return Asked([], self, policy, refusedFor: obstacle) }
        let steps = { (order: [Step]) in
            policy.consent.offlineMemory ? givingMemoryBack(order, leavingIdle: leavesIdle) : order
        }
        let asked = { Asked(asking(policy, leavesIdle), self, policy) }
        guard let handOver = handOver(for: policy).map({ Asked(steps($0), self, policy) }),
            !handOver.walk.steps.isEmpty
        else { return asked() }
        if handOver.walk.isSafe && handOver.takesFromHmem { return handOver }
        let other = asked()
        if other.walk.isSafe { return other }
        let (hazards, others) = (handOver.walk.hazards.count, other.walk.hazards.count)
        let hasFewer = handOver.takesFromHmem ? hazards <= others : hazards < others
        return handOver.walk.isSafe || hasFewer ? handOver : other
    }

    /// The order of `policy` with what it consents to: regions made again, and memory taken offline and back.
    private func asking(_ policy: Policy, _ leavesIdle: Bool) -> [Step] {
        let order = isWithoutCxl ? policy.order.filter { !$0.loadsCxl } : policy.order
        // What is online goes offline first.
        let offline = policy.consent.offlineMemory ? machine.onlineMemory.map(Step.offlineMemory) : []
        let steps = policy.consent.restoreRegions ? restoringRegions(order, after: offline) : order
        return restoringDevices(
            policy.consent.offlineMemory ? givingMemoryBack(steps, leavingIdle: leavesIdle) : steps,
            leavingIdle: leavesIdle
        )
    }

    /// Steps with what they come to.
    private struct Asked {
        let steps: [Step]
        let walk: Walk

        init(_ steps: [Step], _ planner: Planner, _ policy: Policy?, refusedFor obstacle: Hazard? = nil) {
            self.steps = steps
            var walk = planner.walk(steps, policy: policy)
            walk.hazards += obstacle.map { [$0] } ?? []
            self.walk = walk
        }

        /// dax_hmem gives up single ranges.
        var takesFromHmem: Bool { walk.steps.contains { $0.verb == .unbindHmem } }
    }

    /// The host has no CXL: no window, no memory device and no driver of them that is loaded.
    private var isWithoutCxl: Bool {
        machine.windows.isEmpty && machine.memdevs.isEmpty && machine.modules.state(of: "cxl_acpi") != .live
    }

    /// What `steps` lead to, wanted or not. Needless steps are dropped.
    package func predict(_ steps: [Step]) -> Plan {
        let asked = Asked(steps, self, nil)
        var plan = plan(asked, for: Plan.Request(policy: nil, order: steps, overrides: overrides))
        plan.notes += asked.walk.notes(of: steps)
        return plan
    }

    /// Where the machine is not as `want` says, with what is expected there.
    package func unmet(_ want: Policy.Want) -> [Difference] {
        owned.compactMap { owned in
            guard let wishes = unmetWishes(want, owned) else { return nil }
            let wanted = Set(wishes.compactMap { $0 })
            let words = wanted.sorted().map(\.rawValue)
            // What lies over the bytes may be unknown, and then the wish is.
            let isSure = owned.isOwnerKnown && wishes.allSatisfy { $0 != nil && $0 != owned.owner }
            let wish =
                isSure || !owned.isOwnerKnown
                ? "expected \(words.joined(separator: " or "))"
                : "possibly expected \(words.joined(separator: " or ")): \(start.whyCoverIsUnknown)"
            return Difference(
                range: owned.range,
                expected: words,
                found: owned.ownerWord,
                kind: .owner,
                what:
                    "\(ownerSentence(owned.range, isKnown: owned.isOwnerKnown, owned.ownerWord)), \(wish)"
            )
        }
    }

    private func holds(_ want: Policy.Want) -> Bool {
        guard want.coveredByRegion != nil || want.windowOnly != nil || want.outsideWindows != nil else { return false }
        return owned.allSatisfy { unmetWishes(want, $0) == nil }
    }

    /// What `want` has for `owned` in each model; nil if there is no wish, or if it is met for certain.
    private func unmetWishes(_ want: Policy.Want, _ owned: OwnedRange) -> [Owner?]? {
        let isMet = { (index: ModelIndex) in
            want.owner(over: owned.range, in: index).map { $0 == owned.owner } ?? true
        }
        if owned.isOwnerKnown && start.indexes.allSatisfy(isMet) { return nil }
        let wishes = start.indexes.map { want.owner(over: owned.range, in: $0) }
        return wishes.contains { $0 != nil } ? wishes : nil
    }

    private func plan(_ asked: Asked, for request: Plan.Request) -> Plan {
        let walk = asked.walk
        var plan = Plan(
            request: request,
            steps: walk.steps,
            prediction: walk.builder.completed(walk.prediction).noting(owned),
            hazards: withCauses(walk.hazards, of: asked.steps, policy: request.policy),
            fingerprint: fingerprint
        )
        let split = machine.splitRegions
        let isRestored = request.policy != nil && !split.isEmpty
        let restoring = isRestored ? givingMemoryBack(asked.steps, leavingIdle: false) : []
        plan.notes =
            split.lost(after: plan.steps, restoring: restoring) + plan.handOverNotes
            + machine.bindingNotes(of: plan.steps)
            + restoringNotes(walk, asked.steps, leavesIdle: request.leavesIdle)
            + unrestoredNotes(request.policy, walk) + walk.capacityNotes
        return plan
    }
}

extension Prediction {
    /// With the owner that each range has `now` on the machine. The ranges are cut where its devices begin and end; nobody has
    /// the bytes of a region that is gone.
    func noting(_ now: [OwnedRange]) -> Prediction {
        let isKnown = now.allSatisfy(\.isOwnerKnown)
        let index = RangeIndex(now.map(\.range))
        var prediction = self
        for place in prediction.ranges.indices {
            let bytes = prediction.ranges[place].range
            prediction.ranges[place].ownerNow =
                index.first(overlapping: bytes).map { now[$0].isOwnerKnown ? now[$0].owner : nil }
                ?? (isKnown ? Owner.none : nil)
        }
        return prediction
    }
}

extension Policy.Want {
    /// The owner wanted for bytes in a model; nil where there is no wish, as for what an HMEM range has beyond memory.
    func owner(over range: AddressRange, in index: ModelIndex) -> Owner? {
        if index.isCoveredByRegion(range) { return coveredByRegion }
        if index.model.constants.under.isBeyond(range) { return nil }
        return index.model.constants.meetsWindow(range) ? windowOnly : outsideWindows
    }
}

extension Array where Element: Hashable {
    /// Each element once, in the order of its first appearance.
    package func uniqued() -> [Element] {
        if count < 2 { return self }
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
