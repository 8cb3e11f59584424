import Machine
package import Ownership

/// What became of the roll-back of a run that nobody has confirmed.
package enum Expiry: Sendable {
    /// The run was confirmed, rolled back or replaced: nothing is left to do.
    case settled
    /// Somebody can still confirm it for this long.
    case notYet(Duration)
    /// It was rolled back, or that could not be done.
    case ended(RecoveryOutcome, policy: String?, steps: [Step])
}

extension Executor {
    /// Ends the wait for a confirmation: `run` stays. The caller holds the lock.
    ///
    /// - Throws: `ReloadError` if the journal can't be written; the run is still rolled back then.
    package func confirm(_ run: AwaitedConfirmation) throws(ReloadError) {
        try Journal(surfaces.journal).write(JournalLine(event: .finished, outcome: JournalEnd.confirmed.rawValue))
        surfaces.timer.disarm(run.confirmation)
        surfaces.messages.announce("confirmed")
    }

    /// Rolls back the run that `name` names if its time is over, or if it was cut off. The caller holds the lock.
    ///
    /// - Throws: `ReloadError` if the machine or the journal can't be read.
    package func expire(_ name: String) throws(ReloadError) -> Expiry {
        let machine = try surfaces.machine.readAtRest(surfaces.waiter, deadlines: deadlines)
        guard let run = try UnfinishedRun.find(surfaces.journal, bootID: machine.kernel.bootID),
            run.confirmation?.run == name
        else { return .settled }
        if let awaited = run.awaited {
            let left = awaited.timeLeft(at: surfaces.waiter.now)
            if left > .zero { return .notYet(left) }
        }
        let recovery: Recovery
        do {
            recovery = try Planner(machine: machine, overrides: run.overrides).recovery(
                of: run.interruption,
                undoing: true
            )
        } catch {
            recovery = .stuck(error.message, [])
        }
        let steps = if case .undo(let plan) = recovery { plan.steps } else { [Step]() }
        surfaces.messages.announce("not confirmed in time")
        return .ended(recover(run, by: recovery, closing: .unconfirmed), policy: run.policy, steps: steps)
    }
}

/// How a run ended, as the last line of its journal has it.
package enum JournalEnd: String, Sendable {
    case done, unchanged, confirmed, unconfirmed
    case rolledBack = "rolled-back"

    /// How the last run of the boot `bootID` ended; nil without a run, or if it has not ended.
    ///
    /// - Throws: `ReloadError` if the journal can't be opened.
    package static func find(_ store: any JournalStore, bootID: String?) throws(ReloadError) -> JournalEnd? {
        guard let bytes = try store.readAll(), let heading = Journal.heading(of: bytes), heading.run.bootID == bootID
        else { return nil }
        let last = Journal.lines(of: bytes).lines.last
        return last?.event == .finished ? last?.outcome.flatMap(JournalEnd.init) : nil
    }
}
