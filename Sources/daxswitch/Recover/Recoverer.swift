import Machine
import Ownership
import Reload

/// Brings a run that was cut off to an end, one daxswitch at a time.
struct Recoverer {
    let state = StateDirectory()
    /// Asks whether what was found may be done; with the machine, for showing it.
    let isConfirmed: (inout RecoverReport, Recovery, MachineState) -> Bool
    /// How long another daxswitch is waited for.
    let waitingUpTo: Duration
    var isDryRun = false

    func recover(into report: inout RecoverReport) throws {
        let lock = try Lock(state, waitingUpTo: waitingUpTo)
        try withExtendedLifetime(lock) { try recoverAlone(&report) }
    }

    private func recoverAlone(_ report: inout RecoverReport) throws {
        let journal = JournalFile(state)
        let meter = ProgressMeter(isTerminal: Output.complaintsAreSeen)
        let executor = Executor(.ofThisMachine(state)) { meter.show($0) }
        let machine = try executor.machineToRecover()
        switch try JournalStanding(journal, bootID: machine.kernel.bootID) {
        case .settled:
            report.outcome = .nothingToRecover
        case .ofEarlierBoot:
            report.journal = .earlierBoot
            report.outcome = .nothingToRecover
            if !isDryRun { try journal.putAside() }
        case .damaged(let error):
            report.journal = .damaged
            if !isDryRun { try journal.putAside() }
            throw error
        case .unfinished(let run):
            report.journal = .unfinished
            report.policy = run.policy
            let recovery = try Planner(machine: machine, overrides: run.overrides).recovery(of: run.interruption)
            report.take(recovery)
            guard isConfirmed(&report, recovery, machine) else { return }
            report.take(executor.recover(run, by: recovery))
        }
    }
}
