import Machine
import Ownership
import Persistence

/// How a `persist` went.
struct PersistReport {
    /// The end it came to; the raw value is the word in the document.
    enum Outcome: String {
        /// Written, or removed.
        case done
        /// It was so already.
        case nothingToDo = "nothing-to-do"
        /// Nothing was changed, for a reason that is named.
        case refused
        /// It failed; the files are as before.
        case failed
        /// `--dry-run`.
        case dryRun = "dry-run"
    }

    var policy: String?
    /// What is to hold; nil is nothing.
    var choice: BootChoice?
    var outcome = Outcome.failed
    var isChanged = false
    var changes: [BootPlan.Change] = []
    var hazards: [Hazard] = []
    var builder: InitramfsBuilder?
    /// An image of the initramfs is older than the configuration of modprobe.
    var isInitramfsStale = false
    var isRebuilt = false
    /// What to put on the kernel command line instead.
    var commandLine: String?
    var error: Failure?

    /// The option that makes it hold already where files don't last.
    var commandLineInForce: String?

    /// Nothing was done, because of an error, or not all of it could be taken back.
    mutating func fail(_ error: any Error) {
        let failure = Failure(error)
        self.error = failure
        isChanged = (error as? PersistenceError)?.code == .halfRebuilt
        outcome = failure.status == .failed ? .failed : .refused
    }

    /// How the process ends.
    var status: ExitStatus {
        if let error { return error.status }
        switch outcome {
        case .done, .nothingToDo: return .done
        case .dryRun: return hazards.isEmpty ? .done : .refused
        case .refused: return .refused
        case .failed: return .failed
        }
    }
}
