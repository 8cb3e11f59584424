import Ownership
import Reload

/// How a `recover` went.
struct RecoverReport {
    /// The end it came to; the raw value is the word in the document.
    enum Outcome: String {
        /// No run of this boot was cut off.
        case nothingToRecover = "nothing-to-recover"
        /// The run is finished: the machine is as it was to be.
        case done
        /// The machine is as it was before the run.
        case undone
        /// It could not be finished or undone.
        case stopped
        /// `--dry-run`.
        case dryRun = "dry-run"
        /// Nothing was changed, for a reason that is named.
        case failed
    }

    /// The journal as it was found; the raw value is the word in the document.
    enum Journal: String {
        /// None, or of a run that has ended.
        case settled
        /// Of a run that was cut off.
        case unfinished
        /// Of an earlier boot: put aside.
        case earlierBoot = "earlier-boot"
        /// It can't be read: put aside.
        case damaged
    }

    var journal = Journal.settled
    var policy: String?
    var outcome = Outcome.failed
    /// Steps were done.
    var isChanged = false
    /// The steps that finish or undo the run.
    var steps: [Step] = []
    /// What stands in the way of finishing it.
    var hazards: [Hazard] = []
    /// What verification found afterwards.
    var differences: [Difference] = []
    var error: Failure?

    /// What is going to be done.
    mutating func take(_ recovery: Recovery) {
        switch recovery {
        case .isUndone: break
        case .finish(let plan), .undo(let plan): steps = plan.steps
        case .stuck(_, let found): hazards = found
        }
    }

    /// How it ended.
    mutating func take(_ ended: RecoveryOutcome) {
        switch ended {
        case .done:
            outcome = .done
            isChanged = !steps.isEmpty
        case .undone(_, let obstacle):
            outcome = .undone
            isChanged = !steps.isEmpty
            error = obstacle.map { Failure($0, status: .failed) }
        case .stopped(let error, let found):
            outcome = .stopped
            isChanged = !steps.isEmpty
            differences = found
            self.error = Failure(error, status: .stopped)
        }
    }

    /// How the process ends.
    var status: ExitStatus {
        if let error { return error.status }
        switch outcome {
        case .nothingToRecover, .done, .dryRun: return .done
        case .undone, .failed: return .failed
        case .stopped: return .stopped
        }
    }
}
