import Machine
import Ownership

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
