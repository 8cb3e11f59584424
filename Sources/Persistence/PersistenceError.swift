package import Inspection
package import LinuxSystem

/// Why a choice could not be made to hold.
package struct PersistenceError: Error, Sendable, Equatable {
    /// What kind of obstacle.
    package enum Code: String, Sendable {
        /// A file in the way is somebody else's.
        case foreignFile = "foreign-file"
        /// A file of ours was edited.
        case editedFile = "edited-file"
        /// What is written below `/etc` would not be there, or not be heeded, at the next boot.
        case notKept = "not-kept"
        /// A module that the choice needs is kept out by the kernel command line or by the configuration of modprobe.
        case blacklisted
        /// A line of others counts for modprobe in place of what would be written.
        case overridden
        /// The machine has no Soft Reserved memory and nothing of CXL.
        case nothingToDecide = "nothing-to-decide"
        /// No boot leads to the owners of the policy.
        case notPersistable = "not-persistable"
        /// The kernel has not, or may not have, a module that the choice needs.
        case missingModule = "missing-module"
        /// The initramfs could not be rebuilt; the files and the images are as before.
        case notRebuilt = "not-rebuilt"
        /// The initramfs could not be rebuilt; the files are as before, an image is not.
        case halfRebuilt = "half-rebuilt"
        /// The boot loader's configuration could not be changed; it and the files are as before.
        case bootLoader = "boot-loader"
        /// A signal came, or the builder took too long; everything is as before.
        case interrupted
        /// Not everything could be put back: `recover` does.
        case halfDone = "half-done"
        /// An earlier run was cut off while the initramfs was built.
        case unfinished
        /// The journal of an earlier run can't be read.
        case damagedJournal = "damaged-journal"
        /// The process lacks a privilege.
        case notPermitted = "not-permitted"
        /// A file could not be written or removed.
        case unavailable
        /// A file did not answer in time: its file system hangs.
        case notAnswering = "not-answering"
    }

    /// What kind of obstacle.
    package let code: Code
    /// A sentence for a person, with the fix.
    package let message: String

    /// An obstacle.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What a run says that can't finish what an earlier one began.
    package static let unfinished = PersistenceError(
        .unfinished,
        "an earlier persist was interrupted while the initramfs was built. Undo it with `daxswitch recover`, or run persist "
            + "with --update-initramfs"
    )

    /// The same where the boot loader was being changed.
    package static let unfinishedBootLoader = PersistenceError(
        .unfinished,
        "an earlier persist was interrupted while the boot loader was changed. Undo it with `daxswitch recover`, or run persist "
            + "with --update-boot-loader"
    )

    /// A file that could not be written or removed.
    package init(_ error: SystemError) {
        self.init(error.code == .notPermitted ? .notPermitted : .unavailable, error.description)
    }

    /// A file that could not be read.
    package init(_ error: InspectionError) {
        let code: Code =
            switch error.code {
            case .notAnswering: .notAnswering
            case .notPermitted: .notPermitted
            case .badCapture, .missingFeature, .unstable, .unreadable: .unavailable
            }
        self.init(code, error.message)
    }
}
