package import Machine
package import Ownership

/// How recovering a run that was cut off ended.
package enum RecoveryOutcome: Sendable {
    /// The run is finished: the machine is as it was to be.
    case done(MachineState)
    /// The machine is as it was before the run; with why it could not be finished, where that was tried.
    case undone(MachineState, after: ReloadError?)
    /// Neither; the journal holds it still. With what verification found, where it came that far.
    case stopped(ReloadError, differences: [Difference])
}

/// The journal as whoever recovers finds it.
package enum JournalStanding: Sendable, Equatable {
    /// There is none, or its run has ended.
    case settled
    /// A run of this boot was cut off.
    case unfinished(UnfinishedRun)
    /// It is of an earlier boot, whose kernel state is gone.
    case ofEarlierBoot
    /// Nothing can be told from it.
    case damaged(ReloadError)

    /// How the journal in `store` stands for the boot `bootID`. - Throws: `ReloadError` where it can't be opened.
    package init(_ store: any JournalStore, bootID: String?) throws(ReloadError) {
        do {
            if let run = try UnfinishedRun.find(store, bootID: bootID) {
                self = .unfinished(run)
            } else {
                self = try UnfinishedRun.isOfEarlierBoot(store, bootID: bootID) ? .ofEarlierBoot : .settled
            }
        } catch {
            guard error.code == .damagedJournal else { throw error }
            self = .damaged(error)
        }
    }
}

extension Executor {
    /// Brings `run` to an end as `recovery` says, both found on this machine under the lock that the caller holds.
    package func recover(_ run: UnfinishedRun, by recovery: Recovery) -> RecoveryOutcome {
        var settling = Settling(surfaces: surfaces, deadlines: deadlines)
        if case .finish(let plan) = recovery { settling.expectedMessages = plan.expectedMessages }
        do {
            let resumed = JournaledRun(
                runner: StepRunner(
                    surfaces: surfaces,
                    settling: settling,
                    target: run.interruption.target,
                    probeWasDone: run.probeWasDone,
                    overrides: run.overrides,
                    accepted: run.interruption.accepted,
                    report: report
                ),
                journal: Journal(surfaces.journal),
                original: run.interruption.original
            )
            _ = surfaces.messages.newLines()
            surfaces.interrupts.note(.halfWay)
            let outcome: Outcome
            switch recovery {
            case .isUndone:
                try resumed.close("unchanged", as: .unchanged)
                return .undone(try settling.read(), after: nil)
            case .finish(let plan):
                try checkLoads(plan, run)
                try resumed.journal.write(JournalLine(event: .resumed, steps: plan.steps.map(\.description)))
                outcome = resumed.finish(plan)
            case .undo(let plan):
                try checkLoads(plan, run)
                return try resumed.undo(plan.steps)
            case .stuck(let why, _):
                outcome = resumed.stop(ReloadError(.stuck, why), [])
            }
            switch outcome {
            case .done(let machine): return .done(machine)
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
    /// Brings back what was before; where that fails the journal stays unfinished.
    fileprivate func undo(_ steps: [Step]) throws(ReloadError) -> RecoveryOutcome {
        do {
            try rollBack(steps)
        } catch {
            _ = stop(error, [])
            throw error
        }
        return .undone(try runner.settling.read(), after: nil)
    }
}
