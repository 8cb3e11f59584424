import Machine
package import Ownership

/// Carries a plan out: looks that it is still the plan for the machine, opens the journal, does each step and lets it settle,
/// verifies; rolls back if that fails and the model is certain of the way back.
///
/// It decides nothing: what is dangerous, what was predicted and which way leads back is asked of `Ownership`.
package struct Executor {
    let surfaces: Surfaces
    let deadlines: Deadlines
    let report: (Progress) -> Void

    /// An executor on `surfaces`.
    package init(
        _ surfaces: Surfaces,
        deadlines: Deadlines = Deadlines(),
        report: @escaping (Progress) -> Void = { _ in }
    ) {
        self.surfaces = surfaces
        self.deadlines = deadlines
        self.report = report
    }

    /// Carries out `plan` with its hazards of the kinds in `accepted`. The caller holds the lock.
    ///
    /// The machine is read again and what the plan was asked for is planned again: a plan that comes out differently is not
    /// carried out.
    ///
    /// - Parameters:
    ///   - earlier: The reading that `plan` was made of, if no other daxswitch was at work since and the waiter has listened. If
    ///     it still counts, `plan` is what another one would come to.
    ///   - limit: How long somebody has to confirm the run before it is rolled back; nil if it stays.
    package func run(
        _ plan: Plan,
        of earlier: Reading? = nil,
        accepting accepted: Set<Hazard.Identifier>,
        mayRollBack: Bool = true,
        confirmedWithin limit: Duration? = nil
    ) -> Outcome {
        let settling = Settling(surfaces: surfaces, deadlines: deadlines, expectedMessages: plan.expectedMessages)
        do {
            let seen = try reading(for: plan, of: earlier, settling)
            let machine = seen.machine
            try UnfinishedRun.checkNone(surfaces.journal, bootID: machine.kernel.bootID)
            if limit != nil { try TimedConfirmation.check(plan, on: machine, surfaces.timer) }
            let confirmation = limit.map { TimedConfirmation(within: $0, now: surfaces.waiter.now) }
            return try inhibited { () throws(ReloadError) in
                let run = try begin(plan, on: machine, accepting: accepted, confirmation, settling)
                _ = surfaces.messages.newLines()
                return run.finish(plan, from: seen, mayRollBack: mayRollBack)
            }
        } catch {
            surfaces.interrupts.note(.unchanged)
            return .unchanged(error)
        }
    }

    /// Does `body` while the host is kept from being suspended and shut down: both would cut it off within a step.
    func inhibited<Value>(_ body: () throws(ReloadError) -> Value) throws(ReloadError) -> Value {
        try surfaces.inhibitor.inhibiting(
            because: "CXL memory is being given to another driver",
            unable: { report(.notInhibited($0)) },
            body
        )
    }

    /// The machine before the first step, for which `plan` is still the plan.
    private func reading(for plan: Plan, of earlier: Reading?, _ settling: Settling) throws(ReloadError) -> Reading {
        if let earlier, settling.counts(earlier) { return earlier }
        let seen = try settling.takeReading()
        try checkUnchanged(plan, seen.machine)
        return seen
    }

    private func checkUnchanged(_ plan: Plan, _ machine: MachineState) throws(ReloadError) {
        let again: Plan
        do {
            again = try Planner.replan(plan, on: machine)
        } catch {
            throw ReloadError(.machineChanged, error.message)
        }
        let changes = plan.changes(to: again).map(\.description)
        let hazards = again.hazards.filter { !plan.hazards.covers($0) }.map { "\($0.id.rawValue) (\($0.subject))" }
        guard changes.isEmpty, hazards.isEmpty else {
            throw ReloadError(
                .machineChanged,
                "the machine has changed since the plan was made. Plan again",
                cause: (changes + hazards).joined(separator: "; ")
            )
        }
    }

    /// Opens the journal, if all that the run may have to load could be loaded.
    private func begin(
        _ plan: Plan,
        on machine: MachineState,
        accepting accepted: Set<Hazard.Identifier>,
        _ confirmation: TimedConfirmation?,
        _ settling: Settling
    ) throws(ReloadError) -> JournaledRun {
        // If a module can no longer be loaded, the memory has no owner and nothing can be rolled back.
        try surfaces.modules.check(PendingLoads(plan.steps, on: machine, original: OwnershipGoal(of: machine)))
        try surfaces.facts.remember(machine, besides: plan.regionsOfFile)
        let overrides = plan.request.overrides.fixed(for: machine)
        let header = JournalHeader(
            plan,
            on: machine,
            rules: overrides.generation,
            accepted: try taken(accepted, by: plan, on: machine, overrides),
            confirmation: confirmation,
            absences: (try? Planner(machine: machine, overrides: overrides).absences(during: plan.steps)) ?? []
        )
        let journal = Journal(surfaces.journal)
        // First of all: a run that is killed within any step is rolled back too.
        if let confirmation { try surfaces.timer.arm(confirmation) }
        surfaces.interrupts.note(.halfWay)
        do {
            try journal.begin(header)
        } catch {
            if let confirmation { surfaces.timer.disarm(confirmation) }
            throw error
        }
        return JournaledRun(
            runner: StepRunner(
                surfaces: surfaces,
                settling: settling,
                probeWasDone: header.probeWasDone,
                overrides: overrides,
                accepted: header.accepted,
                report: report
            ),
            journal: journal,
            target: OwnershipGoal(after: plan, isHeld: machine.isHeld),
            original: header.before,
            confirmation: confirmation
        )
    }

    /// The hazards of `plan` that are taken on purpose: those of the kinds in `accepted`, and regions if the policy consents to
    /// lose them. With consent they are no hazards of the plan, but they are hazards of its steps.
    private func taken(
        _ accepted: Set<Hazard.Identifier>,
        by plan: Plan,
        on machine: MachineState,
        _ overrides: Overrides
    ) throws(ReloadError) -> [Hazard] {
        let kinds = plan.policy?.consent.loseRegions == true ? accepted.union([.regionLost]) : accepted
        do {
            let ofSteps = try Planner(machine: machine, overrides: overrides).predict(plan.steps).hazards
            return (plan.hazards + ofSteps.filter { !plan.hazards.covers($0) }).filter { kinds.contains($0.id) }
        } catch {
            throw ReloadError(.machineChanged, error.message)
        }
    }
}
