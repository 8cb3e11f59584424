import Machine
import Ownership
import Reload

/// How a `confirm` went.
struct ConfirmReport: RecordedRun {
    static let command = "confirm"

    /// The end it came to; the raw value is the word in the document.
    enum Outcome: String, CaseIterable {
        /// The run stays.
        case confirmed
        /// The last run was confirmed before.
        case alreadyConfirmed = "already-confirmed"
        /// No run waits.
        case nothingToConfirm = "nothing-to-confirm"
        /// A reboot ended the run before somebody confirmed it.
        case rebooted = "interrupted-by-reboot"
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
    /// What a reboot cut off.
    var rebooted: RebootedRun?
    /// The steps of the way back.
    var steps: [Step] = []
    /// What verification found after a roll-back that stopped.
    var differences: [Difference] = []
    var error: Failure?

    /// How the roll-back ended.
    mutating func take(_ ended: RecoveryOutcome, policy: String?, steps: [Step]) {
        self.policy = policy
        self.steps = steps
        switch ended {
        case .done, .undone: outcome = .rolledBack
        case .stopped(let error, let found):
            outcome = .stopped
            differences = found
            self.error = Failure(error, status: .stopped)
        }
    }

    /// What a reboot cut off; nil if nothing waited for confirmation then.
    mutating func take(_ run: RebootedRun?) {
        outcome = run == nil ? .nothingToConfirm : .rebooted
        policy = run?.policy
        rebooted = run
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
        case .alreadyConfirmed, .nothingToConfirm, .rebooted, .failed: false
        }
    }

    var outcomeWord: String { outcome.rawValue }
    /// The steps back were done.
    var isChanged: Bool { !steps.isEmpty }

    /// How the process ends.
    var status: ExitStatus {
        if let error { return error.status }
        switch outcome {
        case .confirmed, .alreadyConfirmed, .nothingToConfirm: return .done
        case .rolledBack, .rebooted, .failed: return .failed
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
    case .rebooted: return report.rebooted.map { rebootedText($0, style: style) } ?? []
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
