import Machine
import Ownership

/// How an `apply` went.
struct ApplyReport {
    /// The end it came to; the raw value is the word in the document.
    enum Outcome: String {
        /// Carried out and verified.
        case done
        /// What is wanted held already.
        case nothingToDo = "nothing-to-do"
        /// Nothing was changed, for a reason that is named.
        case refused
        /// A step failed, and the steps before it were undone.
        case rolledBack = "rolled-back"
        /// It failed and nothing was changed.
        case failed
        /// It stopped half-way.
        case stopped
        /// `--dry-run`.
        case dryRun = "dry-run"
    }

    var policy: String?
    /// The machine before the first step; nil where it was not read.
    var machine: MachineState?
    var outcome = Outcome.failed
    /// The machine is not as it was.
    var isChanged = false
    /// A hazard stands in the way.
    var isRefused = false
    /// The steps of the plan.
    var steps: [Step] = []
    var hazards: [Hazard] = []
    /// What verification found afterwards.
    var differences: [Difference] = []
    /// What a saved plan relied on and is not so any more.
    var staleFacts: [FactChange] = []
    var error: Failure?

    /// What is going to be done.
    mutating func take(_ plan: Plan, policy: String?, on machine: MachineState) {
        self.machine = machine
        self.policy = policy
        steps = plan.steps
        hazards = plan.prediction.hazards
    }

    /// Nothing was done, because of an error of any kind.
    mutating func fail(_ error: any Error) {
        if let stale = error as? StalePlan { staleFacts = stale.changes }
        fail(Failure(error))
    }

    /// Nothing was done, because of an error.
    mutating func fail(_ failure: Failure) {
        error = failure
        outcome = failure.status == .failed ? .failed : .refused
    }

    /// How the process ends.
    var status: ExitStatus {
        if let error { return error.status }
        if isRefused { return .refused }
        switch outcome {
        case .done, .nothingToDo, .dryRun: return .done
        case .refused: return .refused
        case .rolledBack, .failed: return .failed
        case .stopped: return .stopped
        }
    }
}
