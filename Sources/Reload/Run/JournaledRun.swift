import Machine
import Ownership

/// A run with its journal open: steps forward, and the way back.
struct JournaledRun {
    let runner: StepRunner
    let journal: Journal
    /// What the machine was before the run.
    let original: OwnershipGoal

    private var surfaces: Surfaces { runner.surfaces }

    /// Does the steps of `plan`, holds the machine against its prediction, and closes the journal; rolls back where that
    /// fails.
    func finish(_ plan: Plan, mayRollBack: Bool = true) -> Outcome {
        let machine: MachineState
        do {
            try carryOut(plan.steps)
            let (found, differences) = try runner.settling.verify(plan.prediction)
            guard differences.isEmpty else {
                let error = ReloadError(
                    .notAsPredicted,
                    "the machine is not as predicted: \(differences.map(\.what).joined(separator: "; "))"
                )
                return end(error, mayRollBack, differences)
            }
            machine = found
        } catch {
            return end(error, mayRollBack, [])
        }
        // What was verified is not undone because it can't be written down.
        do {
            try close("done", as: .done)
        } catch {
            return stop(error, [])
        }
        surfaces.messages.announce("done")
        return .done(machine)
    }

    private func carryOut(_ steps: [Step]) throws(ReloadError) {
        for (index, step) in steps.enumerated() {
            if let signal = surfaces.interrupts.pending {
                throw ReloadError(.interrupted, "\(signal) came before \(step)")
            }
            let machine = try runner.check(before: Array(steps[index...]), bringing: runner.target)
            runner.report(.step(step, index: index, count: steps.count))
            try journal.write(JournalLine(event: .stepBegun, index: index))
            try runner.perform(step, on: machine)
            try journal.write(JournalLine(event: .stepEnded, index: index))
        }
    }

    /// Brings the machine back where that is certain; else leaves it with the journal.
    private func end(_ error: ReloadError, _ mayRollBack: Bool, _ differences: [Difference]) -> Outcome {
        surfaces.messages.announce("stopped: \(error.message)")
        guard !error.endsAll else { return stop(error, differences) }
        do {
            let machine = try runner.settling.read()
            if original.differences(on: machine).isEmpty {
                try close("unchanged", as: .unchanged)
                return .unchanged(error)
            }
            guard mayRollBack, let planner = try? Planner(machine: machine, overrides: runner.overrides),
                let steps = planner.wayBack(to: original)
            else { return stop(error, differences) }
            try rollBack(steps)
            return .rolledBack(error)
        } catch let second {
            let code = second.endsAll ? second.code : error.code
            return stop(
                ReloadError(code, error.description, cause: "rolling back failed: \(second)"),
                differences
            )
        }
    }

    /// Does `steps`, which bring back what was before, and closes the journal.
    ///
    /// A signal does not stop it: half of the way back is the worst place to be.
    /// - Throws: `ReloadError` of a step; `.notAsPredicted` where the machine is not as it was.
    func rollBack(_ steps: [Step]) throws(ReloadError) {
        runner.report(.rollingBack(steps))
        try journal.write(JournalLine(event: .rollingBack, steps: steps.map(\.description)))
        for (index, step) in steps.enumerated() {
            let machine = try runner.check(before: Array(steps[index...]), bringing: original)
            try journal.write(JournalLine(event: .wayBackBegun, index: index))
            try runner.perform(step, on: machine, isInterruptible: false)
            try journal.write(JournalLine(event: .wayBackEnded, index: index))
        }
        let differences = original.differences(on: try runner.settling.read())
        guard differences.isEmpty else {
            throw ReloadError(
                .notAsPredicted,
                "the machine is not as it was: \(differences.joined(separator: "; "))"
            )
        }
        try close("rolled-back", as: .unchanged)
        surfaces.messages.announce("rolled back")
    }

    /// Closes the journal.
    func close(_ outcome: String, as standing: RunStanding) throws(ReloadError) {
        try journal.write(JournalLine(event: .finished, outcome: outcome))
        surfaces.interrupts.note(standing)
    }

    /// Leaves the machine as it is and the journal unfinished.
    func stop(_ error: ReloadError, _ differences: [Difference]) -> Outcome {
        let line = JournalLine(event: .stopped, outcome: error.code.rawValue, message: error.description)
        // A journal that can't be written is unfinished all the same.
        try? journal.write(line)
        return .stopped(error, differences: differences)
    }
}
