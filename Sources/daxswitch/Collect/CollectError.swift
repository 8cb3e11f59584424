/// Why a machine could not be recorded.
struct CollectError: Error, Equatable {
    /// What kind of obstacle.
    enum Code: String {
        /// The directory has something in it.
        case notEmpty = "directory-not-empty"
        /// The directory can't be made or written.
        case notWritten = "not-written"
        /// The kernel hides the addresses.
        case notPermitted = "not-permitted"
    }

    let code: Code
    let message: String

    /// How the process ends.
    var status: ExitStatus {
        switch code {
        case .notEmpty: .usage
        case .notWritten: .failed
        case .notPermitted: .notPermitted
        }
    }
}
