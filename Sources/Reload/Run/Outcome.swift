package import Machine
package import Ownership

/// How carrying out a plan ended.
package enum Outcome: Sendable {
    /// Every step was done and the machine is as predicted.
    case done(MachineState)
    /// The same, and it is rolled back unless somebody confirms it.
    case awaiting(MachineState, AwaitedConfirmation)
    /// It failed and nothing was changed.
    case unchanged(ReloadError)
    /// It failed, and the previous owners were restored.
    case rolledBack(ReloadError)
    /// It stopped half-way; the journal holds it. With what verification found, where it came that far.
    case stopped(ReloadError, differences: [Difference])
}

/// How recovering a run that was interrupted ended.
package enum RecoveryOutcome: Sendable {
    /// The run is finished: the machine is as planned.
    case done(MachineState)
    /// The machine is as it was before the run; with why it could not be finished, where that was tried.
    case undone(MachineState, after: ReloadError?)
    /// Neither; the journal holds it still. With what verification found, where it came that far.
    case stopped(ReloadError, differences: [Difference])
}

/// What a run says while it goes on.
package enum Progress: Sendable, Equatable {
    /// Nothing keeps the host from being suspended and shut down during the run, with why.
    case notInhibited(String)
    /// The step at `index` of `count` begins.
    case step(Step, index: Int, count: Int)
    /// That step is done and has settled, and how long this took.
    case stepEnded(Step, elapsed: Duration)
    /// All steps are done, and the machine is compared with what was planned.
    case verifying
    /// What was done is undone by these steps.
    case rollingBack([Step])
    /// Memory goes offline: how many of how many bytes are, and how long it has taken.
    case offlining(done: UInt64, total: UInt64, elapsed: Duration)
}
