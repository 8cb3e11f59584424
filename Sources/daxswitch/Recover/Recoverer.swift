import LinuxSystem
import Machine
import Ownership
import Reload

/// Brings a run that was cut off to an end, one daxswitch at a time.
struct Recoverer {
    let state = StateDirectory()
    /// How long another daxswitch is waited for.
    let waitingUpTo: Duration
    /// Shows what was found, before anything is done about it.
    let show: (RecoverReport, Recovery, MachineState) -> Void

    /// Finishes or undoes the run where `isConfirmed` says so.
    func recover(into report: inout RecoverReport, isConfirmed: (inout RecoverReport) -> Bool) throws {
        let lock = try Lock(state, waitingUpTo: waitingUpTo)
        try withExtendedLifetime(lock) {
            let meter = ProgressMeter(isTerminal: Output.complaintsAreSeen)
            let executor = Executor(.ofThisMachine(state)) { meter.show($0) }
            let machine = try RunningMachine(state).readAtRest(UeventWaiter())
            let journal = JournalFile(state)
            let standing = try JournalStanding(journal, bootID: machine.kernel.bootID)
            switch standing {
            case .ofEarlierBoot, .damaged: try journal.putAside()
            case .settled, .unfinished: break
            }
            guard let (run, recovery) = try find(standing, on: machine, &report), isConfirmed(&report) else { return }
            report.take(executor.recover(run, by: recovery))
        }
    }

    /// Says what `recover` would do. Nothing is made or opened for writing, and the lock stays free.
    func preview(into report: inout RecoverReport) throws {
        try Lock.waitUntilFree(state, upTo: waitingUpTo)
        let machine = try RunningMachine(state).readAtRest(UeventWaiter())
        let standing = try JournalStanding(JournalFile(state), bootID: machine.kernel.bootID)
        if try find(standing, on: machine, &report) != nil { report.outcome = .dryRun }
    }

    /// The run that was cut off, and the way to its end; nil where there is none.
    private func find(
        _ standing: JournalStanding,
        on machine: MachineState,
        _ report: inout RecoverReport
    ) throws -> (UnfinishedRun, Recovery)? {
        switch standing {
        case .settled:
            report.outcome = .nothingToRecover
            return nil
        case .ofEarlierBoot:
            report.journal = .earlierBoot
            report.outcome = .nothingToRecover
            return nil
        case .damaged(let error):
            report.journal = .damaged
            throw error
        case .unfinished(let run):
            report.journal = .unfinished
            report.policy = run.policy
            let recovery = try Planner(machine: machine, overrides: run.overrides).recovery(of: run.interruption)
            report.take(recovery)
            show(report, recovery, machine)
            return (run, recovery)
        }
    }
}
