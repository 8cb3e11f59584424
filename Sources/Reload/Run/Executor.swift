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

/// A run with its journal open: steps forward, and the way back.
struct JournaledRun {
    let runner: StepRunner
    let journal: Journal
    /// What the run is to reach.
    let target: OwnershipGoal
    /// What the machine was before the run.
    let original: OwnershipGoal
    /// What keeps it once it is done; nil if it stays.
    var confirmation: TimedConfirmation?

    private var surfaces: Surfaces { runner.surfaces }

    /// Does the steps of `plan`, compares the machine with all that they and the run are to make of it, and closes the
    /// journal; rolls back if that fails.
    ///
    /// - Parameter seen: The machine before the first step, if it still counts.
    func finish(_ plan: Plan, from seen: Reading? = nil, mayRollBack: Bool = true) -> Outcome {
        let machine: MachineState
        do {
            let seen = try carryOut(plan.steps, from: seen)
            runner.report(.verifying)
            let (found, differences) = try runner.settling.verify(Target(of: plan, reaching: target), seen: seen)
            guard differences.isEmpty else {
                let error = ReloadError(
                    .notAsPredicted,
                    "the result differs from the prediction: \(differences.map(\.what).joined(separator: "; "))"
                )
                return end(error, mayRollBack, differences)
            }
            machine = found
        } catch {
            return end(error, mayRollBack, [])
        }
        // What was verified is not undone because it can't be written down.
        do {
            if let confirmation {
                let awaited = try beginWait(for: confirmation, plan.policy?.name)
                surfaces.messages.announce("done, not confirmed yet")
                return .awaiting(machine, awaited)
            }
            try close(.done, as: .done)
        } catch {
            return stop(error, [])
        }
        surfaces.messages.announce("done")
        return .done(machine)
    }

    /// From now on somebody has the whole time, however long the steps took.
    private func beginWait(
        for confirmation: TimedConfirmation,
        _ policy: String?
    ) throws(ReloadError) -> AwaitedConfirmation {
        let deadline = surfaces.waiter.now + confirmation.limit
        try journal.write(JournalLine(event: .awaiting, deadline: deadline.inMilliseconds))
        surfaces.interrupts.note(.done)
        return AwaitedConfirmation(policy: policy, confirmation: confirmation, deadline: deadline)
    }

    /// The machine as it came to rest after the last of `steps`.
    private func carryOut(_ steps: [Step], from start: Reading?) throws(ReloadError) -> Reading? {
        var seen = start
        for (index, step) in steps.enumerated() {
            if let signal = surfaces.interrupts.pending {
                throw ReloadError(.interrupted, "stopped by \(signal) before \(step)")
            }
            let cleared = try runner.check(before: Array(steps[index...]), bringing: target, seen: seen)
            runner.report(.step(step, index: index, count: steps.count))
            let start = surfaces.waiter.now
            try journal.write(JournalLine(event: .stepBegun, index: index, time: start.inMilliseconds))
            seen = try runner.perform(cleared)
            try journal.write(JournalLine(event: .stepEnded, index: index))
            runner.report(.stepEnded(step, elapsed: surfaces.waiter.now - start))
        }
        return seen
    }

    /// Restores the previous state if that is certain; else leaves the machine with the journal.
    private func end(_ error: ReloadError, _ mayRollBack: Bool, _ differences: [Difference]) -> Outcome {
        surfaces.messages.announce("stopped: \(error.message)")
        guard !error.endsAll else { return stop(error, differences) }
        do {
            let machine = try runner.deletingUnfinished()
            if original.differences(on: machine).isEmpty {
                try close(.unchanged, as: .unchanged)
                disarm()
                return .unchanged(error)
            }
            guard mayRollBack, let planner = try? Planner(machine: machine, overrides: runner.overrides),
                let wayBack = planner.wayBack(to: original)
            else { return stop(error, differences) }
            try rollBack(wayBack.steps)
            disarm()
            return .rolledBack(error)
        } catch let second {
            let code = second.endsAll ? second.code : error.code
            return stop(
                ReloadError(code, error.description, cause: "rolling back failed: \(second)"),
                differences
            )
        }
    }

    /// Nothing is left that the timer could roll back.
    private func disarm() {
        if let confirmation { surfaces.timer.disarm(confirmation) }
    }

    /// Does `steps`, which restore what was before, and closes the journal.
    ///
    /// A signal does not stop it: half of the way back is the worst place to be.
    /// - Throws: `ReloadError` of a step; `.notAsPredicted` where the machine is not as it was.
    func rollBack(_ steps: [Step], _ closing: JournalEnd = .rolledBack) throws(ReloadError) {
        runner.report(.rollingBack(steps))
        try journal.write(JournalLine(event: .rollingBack, steps: steps))
        _ = try runner.deletingUnfinished()
        var seen: Reading?
        for (index, step) in steps.enumerated() {
            let cleared = try runner.check(before: Array(steps[index...]), bringing: original, seen: seen)
            runner.report(.step(step, index: index, count: steps.count))
            let start = surfaces.waiter.now
            try journal.write(JournalLine(event: .wayBackBegun, index: index))
            seen = try runner.perform(cleared, isInterruptible: false)
            try journal.write(JournalLine(event: .wayBackEnded, index: index))
            runner.report(.stepEnded(step, elapsed: surfaces.waiter.now - start))
        }
        let differences = original.differences(on: try runner.settling.current(seen).machine)
        guard differences.isEmpty else {
            throw ReloadError(
                .notAsPredicted,
                "the machine is not in its previous state: \(differences.joined(separator: "; "))"
            )
        }
        try close(closing, as: .unchanged)
        surfaces.messages.announce("rolled back")
    }

    /// Closes the journal.
    func close(_ end: JournalEnd, as progress: RunProgress) throws(ReloadError) {
        try journal.write(JournalLine(event: .finished, outcome: end.rawValue))
        surfaces.interrupts.note(progress)
    }

    /// Leaves the machine as it is and the journal unfinished.
    func stop(_ error: ReloadError, _ differences: [Difference]) -> Outcome {
        let line = JournalLine(event: .stopped, outcome: error.code.rawValue, message: error.description)
        // A journal that can't be written is unfinished anyway.
        try? journal.write(line)
        return .stopped(error, differences: differences)
    }
}
