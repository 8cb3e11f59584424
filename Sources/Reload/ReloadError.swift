internal import Inspection
package import LinuxSystem

/// Why a plan could not be carried out.
package struct ReloadError: Error, Sendable, Equatable, Codable {
    /// What kind of obstacle.
    package enum Code: String, Sendable, CaseIterable, Codable {
        /// Another daxswitch holds the lock, or the machine changed all the while it was read.
        case busy
        /// A run before this one, in this boot, was cut off: its journal is unfinished.
        case unfinishedJournal = "unfinished-journal"
        /// The journal of an earlier run can't be read.
        case damagedJournal = "damaged-journal"
        /// The journal of an earlier run of this boot is another daxswitch's, which writes it otherwise.
        case otherVersion = "other-version"
        /// A run waits for confirmation: another one would change what somebody is looking at.
        case awaitingConfirmation = "awaiting-confirmation"
        /// Nothing could roll the run back when nobody confirms it.
        case noTimer = "no-timer"
        /// The model is not certain that the result of the plan can be rolled back.
        case noWayBack = "no-way-back"
        /// A run that was interrupted can neither be finished nor undone with certainty.
        case stuck
        /// The machine is no longer as the plan found it.
        case machineChanged = "machine-changed"
        /// A hazard appeared after the plan was made.
        case newHazard = "new-hazard"
        /// A module that the steps or the way back load could not be loaded: its file is not there, or a command stands
        /// in its place.
        case notLoadable = "not-loadable"
        /// The kernel or libkmod refused a step.
        case stepFailed = "step-failed"
        /// A step's effect did not show before its deadline.
        case notSettled = "not-settled"
        /// A call into the kernel does not come back and can't be broken off.
        case hung
        /// The kernel log has a WARNING, an Oops or a conflict that a step caused.
        case kernelTrouble = "kernel-trouble"
        /// The kernel log has the report of a fault that names none of the drivers that the steps reach.
        case kernelTroubleElsewhere = "kernel-trouble-elsewhere"
        /// The machine afterwards is not as predicted.
        case notAsPredicted = "not-as-predicted"
        /// SIGINT, SIGTERM or SIGHUP.
        case interrupted
        /// The process lacks a privilege.
        case notPermitted = "not-permitted"
        /// A file of ours could not be written, or the machine could not be read.
        case unavailable
    }

    /// What kind of obstacle.
    package let code: Code
    /// A sentence for a person.
    package let message: String
    /// What lies below it (an errno, a kernel line), where something does.
    package let cause: String?

    /// An obstacle.
    package init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// A complaint of the kernel.
    init(_ complaint: KernelComplaint, _ message: String) {
        self.init(complaint.isElsewhere ? .kernelTroubleElsewhere : .kernelTrouble, message, cause: complaint.line)
    }

    /// A failure of the system below a run.
    package init(_ error: SystemError) {
        let code: Code =
            switch error.code {
            case .notPermitted: .notPermitted
            case .busy: .busy
            case .ended, .timedOut: .stepFailed
            case .hung: .hung
            case .notFound, .unusable, .notTrusted, .unavailable: .unavailable
            }
        self.init(code, error.message, cause: error.cause)
    }

    /// The kernel's state is unknown, whatever it shows: nothing more may be tried.
    var endsAll: Bool { [.kernelTrouble, .kernelTroubleElsewhere, .hung].contains(code) }

    /// Whether the same call may go through later.
    package var isRetryable: Bool { code == .busy || code == .machineChanged || code == .interrupted }
}

extension ReloadError: CustomStringConvertible {
    /// The sentence, with the cause.
    package var description: String { cause.map { "\(message) (\($0))" } ?? message }
}
