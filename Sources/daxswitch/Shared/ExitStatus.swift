import Inspection
import Ownership
import Persistence
import Policy
import Reload
import SavedPlan

/// The exit codes; the manual has the same table.
enum ExitStatus: Int32, CaseIterable, Codable {
    /// Done and verified, or nothing to do.
    case done = 0
    /// Nothing was changed, or it was rolled back.
    case failed = 1
    /// `plan --detailed-exitcode`: changes are pending.
    case pending = 2
    /// A hazard.
    case refused = 3
    /// Verification found a difference.
    case differs = 4
    /// Stopped half-way; the journal holds it, `recover` ends it.
    case stopped = 5
    /// The command line.
    case usage = 64
    /// A bad policy, plan or capture.
    case badData = 65
    /// A module or kernel feature is missing.
    case missing = 69
    /// Busy or locked.
    case busy = 75
    /// Not permitted.
    case notPermitted = 77
}

/// An error as it leaves the tool: the one place where typed errors become exit codes.
struct Failure: Error, Equatable {
    /// How the process ends.
    let status: ExitStatus
    /// A word for programs.
    let code: String
    /// A sentence for people.
    let message: String

    init(_ status: ExitStatus, code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as PolicyError where error.code == .notTrusted:
            self.init(distrusting: error.file, error.message)
        case let error as PolicyError: self.init(.badData, code: error.code.rawValue, "\(error)")
        case let error as InspectionError: self.init(error)
        case let error as PlanningError: self.init(.missing, code: error.code.rawValue, error.message)
        case let error as PlanFileError: self.init(.badData, code: "plan-invalid", "\(error)")
        case let error as StalePlan: self.init(.refused, code: "machine-changed", error.message)
        case let error as ReloadError: self.init(error, status: Self.status(of: error.code))
        case let error as PersistenceError: self.init(error)
        case let error as CollectError: self.init(error.status, code: error.code.rawValue, error.message)
        default: self.init(.failed, code: "unexpected", "\(error)")
        }
    }

    private init(_ error: InspectionError) {
        let (status, code): (ExitStatus, String) =
            switch error.code {
            case .badCapture: (.badData, "bad-capture")
            case .missingFeature: (.missing, "missing-feature")
            case .unstable: (.busy, "unstable")
            case .notPermitted: (.notPermitted, "not-permitted")
            case .unreadable: (.missing, "unreadable")
            case .notAnswering: (.busy, "not-answering")
            }
        self.init(status, code: code, error.message)
    }

    private init(_ error: PersistenceError) {
        let status: ExitStatus =
            switch error.code {
            case .foreignFile, .editedFile, .notRebuilt, .halfRebuilt, .bootLoader, .interrupted,
                .unavailable:
                .failed
            case .halfDone, .unfinished, .damagedJournal: .stopped
            case .notKept, .blacklisted, .overridden: .refused
            case .notPersistable: .badData
            case .missingModule, .nothingToDecide: .missing
            case .notPermitted: .notPermitted
            case .notAnswering: .busy
            }
        self.init(status, code: error.code.rawValue, error.message)
    }

    /// A file that root does not act on, and why.
    init(distrusting file: String, _ why: String) {
        self.init(.notPermitted, code: "not-trusted", "\(file) can't be trusted as root: \(why)")
    }

    /// A privilege that is missing.
    init(_ hazard: Hazard) {
        let fix = hazard.fix.prefix(1).uppercased() + hazard.fix.dropFirst()
        self.init(.notPermitted, code: hazard.id.rawValue, "\(hazard.why). \(fix)")
    }

    /// An obstacle of a run, with how the process ends.
    init(_ error: ReloadError, status: ExitStatus) {
        self.init(status, code: error.code.rawValue, error.description)
    }

    /// For a run that changed nothing.
    private static func status(of code: ReloadError.Code) -> ExitStatus {
        switch code {
        case .busy, .awaitingConfirmation: .busy
        case .unfinishedJournal, .stuck, .damagedJournal, .otherVersion: .stopped
        case .machineChanged, .newHazard, .noWayBack: .refused
        case .notLoadable, .noTimer: .missing
        case .notPermitted: .notPermitted
        case .stepFailed, .notSettled, .hung, .kernelTrouble, .kernelTroubleElsewhere, .notAsPredicted, .interrupted,
            .unavailable:
            .failed
        }
    }
}
