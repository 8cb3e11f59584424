import Machine
package import Ownership

extension Executor {
    /// Ends `run` as `recovery` says, both found on this machine under the lock that the caller holds.
    ///
    /// The result stays: it need not be confirmed.
    /// - Parameter closing: What the journal has for a run that is undone.
    package func recover(
        _ run: UnfinishedRun,
        by recovery: Recovery,
        closing: JournalEnd = .rolledBack
    ) -> RecoveryOutcome {
        let outcome = bring(run, by: recovery, closing)
        switch outcome {
        // A run is not open again because this can't be written; the next one that keeps facts does it.
        case .done(let machine), .undone(let machine, _): try? surfaces.facts.forgetUnfinished(on: machine)
        case .stopped: break
        }
        if closing != .unconfirmed, let confirmation = run.confirmation {
            switch outcome {
            case .done, .undone: surfaces.timer.disarm(confirmation)
            case .stopped: break
            }
        }
        return outcome
    }

    private func bring(_ run: UnfinishedRun, by recovery: Recovery, _ closing: JournalEnd) -> RecoveryOutcome {
        var settling = Settling(surfaces: surfaces, deadlines: deadlines)
        if case .finish(let plan) = recovery { settling.expectedMessages = plan.expectedMessages }
        do {
            let resumed = JournaledRun(
                runner: StepRunner(
                    surfaces: surfaces,
                    settling: settling,
                    probeWasDone: run.probeWasDone,
                    overrides: run.overrides,
                    accepted: run.interruption.accepted,
                    report: report
                ),
                journal: Journal(surfaces.journal),
                target: run.interruption.target,
                original: run.interruption.original
            )
            _ = surfaces.messages.newLines()
            surfaces.interrupts.note(.halfWay)
            let outcome: Outcome
            switch recovery {
            case .isUndone:
                try resumed.close(closing == .unconfirmed ? closing : .unchanged, as: .unchanged)
                return .undone(try settling.read(), after: nil)
            case .finish(let plan):
                try checkLoads(plan, run)
                outcome = try inhibited { () throws(ReloadError) in
                    try resumed.journal.write(JournalLine(event: .resumed, steps: plan.steps))
                    return resumed.finish(plan)
                }
            case .undo(let plan):
                try checkLoads(plan, run)
                return try inhibited { () throws(ReloadError) in try resumed.undo(plan.steps, closing) }
            case .stuck(let why, _):
                outcome = resumed.stop(ReloadError(.stuck, why), [])
            }
            switch outcome {
            case .done(let machine), .awaiting(let machine, _): return .done(machine)
            case .stopped(let error, let differences): return .stopped(error, differences: differences)
            case .unchanged(let error), .rolledBack(let error): return .undone(try settling.read(), after: error)
            }
        } catch {
            return .stopped(error, differences: [])
        }
    }

    private func checkLoads(_ plan: Plan, _ run: UnfinishedRun) throws(ReloadError) {
        let machine = try Settling(surfaces: surfaces, deadlines: deadlines).read()
        try surfaces.modules.check(PendingLoads(plan.steps, on: machine, original: run.interruption.original))
    }
}

extension JournaledRun {
    /// Restores the previous state; if that fails, the journal stays unfinished.
    fileprivate func undo(_ steps: [Step], _ closing: JournalEnd) throws(ReloadError) -> RecoveryOutcome {
        do {
            try rollBack(steps, closing)
        } catch {
            _ = stop(error, [])
            throw error
        }
        return .undone(try runner.settling.read(), after: nil)
    }
}
