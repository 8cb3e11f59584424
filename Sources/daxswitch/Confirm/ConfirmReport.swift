import Machine
import Reload

/// How a `confirm` went.
struct ConfirmReport {
    /// The end it came to; the raw value is the word in the document.
    enum Outcome: String, CaseIterable {
        /// The run stays.
        case confirmed
        /// The last run was confirmed before.
        case alreadyConfirmed = "already-confirmed"
        /// No run waits.
        case nothingToConfirm = "nothing-to-confirm"
        /// Nobody confirmed it in time.
        case rolledBack = "rolled-back"
        /// It was not confirmed, and it could not be rolled back.
        case stopped
        /// Nothing was done, for a reason that is named.
        case failed
    }

    var policy: String?
    var outcome = Outcome.failed
    /// The run was rolled back before its time was over: it failed, or somebody had it undone.
    var wasInTime = false
    /// The steps of the way back.
    var steps: [String] = []
    /// What verification found after a roll-back that stopped.
    var differences = 0
    var error: Failure?

    /// How the roll-back ended.
    mutating func take(_ ended: RecoveryOutcome, policy: String?, steps: [String]) {
        self.policy = policy
        self.steps = steps
        switch ended {
        case .done, .undone: outcome = .rolledBack
        case .stopped(let error, let found):
            outcome = .stopped
            differences = found.count
            self.error = Failure(error, status: .stopped)
        }
    }

    /// Nothing was done, because of an error.
    mutating func fail(_ failure: Failure) {
        error = failure
        outcome = failure.status == .stopped ? .stopped : .failed
    }

    /// Whether something ended that the history has to have.
    var isRecorded: Bool {
        switch outcome {
        case .confirmed: true
        case .rolledBack: !steps.isEmpty
        case .stopped: policy != nil
        case .alreadyConfirmed, .nothingToConfirm, .failed: false
        }
    }

    /// How the process ends.
    var status: ExitStatus {
        if let error { return error.status }
        switch outcome {
        case .confirmed, .alreadyConfirmed, .nothingToConfirm: return .done
        case .rolledBack, .failed: return .failed
        case .stopped: return .stopped
        }
    }
}

/// `confirm --json`.
func confirmDocument(_ report: ConfirmReport) -> JSONValue {
    document(
        "confirm",
        [
            "policy": JSONValue(report.policy), "outcome": .text(report.outcome.rawValue),
            "error": report.error.map(errorMember) ?? .null,
        ]
    )
}

/// `confirm` for people.
func confirmText(_ report: ConfirmReport, style: Style) -> [Line] {
    switch report.outcome {
    case .confirmed: return [style.good("Confirmed: the run of policy \(report.policy ?? "?") stays.")]
    case .alreadyConfirmed: return [style.good("Already confirmed.")]
    case .nothingToConfirm: return [style.good("Nothing to confirm: no run waits for it.")]
    case .rolledBack where report.wasInTime: return [style.bad("Nothing to confirm: the last run was rolled back.")]
    case .rolledBack where report.steps.isEmpty:
        return [style.bad("Too late: nobody confirmed the run in time, and it was rolled back.")]
    case .rolledBack:
        return [
            style.careful("Nobody confirmed the run of policy \(report.policy ?? "?") in time: it was rolled back.")
        ]
    case .stopped: return [style.bad("The run was not rolled back; the journal is kept.")]
    case .failed: return [style.bad("Failed; nothing was changed.")]
    }
}
