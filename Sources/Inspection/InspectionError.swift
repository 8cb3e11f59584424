/// Why a machine could not be read.
package struct InspectionError: Error, Sendable, Equatable {
    /// The kind of trouble; each has one exit code.
    package enum Code: String, Sendable, CaseIterable {
        /// The root directory is no capture, or one that is damaged or contradicts itself.
        case badCapture
        /// The running kernel lacks something that must be read.
        case missingFeature
        /// The machine changed all the time while it was read.
        case unstable
        /// The reader lacks a privilege.
        case notPermitted
        /// A file is there and can't be read, or can't be understood.
        case unreadable
        /// A file did not answer in time: its file system or driver hangs.
        case notAnswering
    }

    /// The kind of trouble.
    package var code: Code
    /// A message for a person: the file, the line where there is one, what is wrong and what to do.
    package var message: String
    /// Whether the same call may succeed a moment later.
    package var isRetryable: Bool { code == .unstable || code == .notAnswering }

    /// An error with its message.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The exit code of a command that ends with this error (sysexits: 65 bad capture, 69 feature missing,
    /// 75 try again, 77 not permitted).
    package var exitCode: Int32 {
        switch code {
        case .badCapture: 65
        case .missingFeature, .unreadable: 69
        case .unstable, .notAnswering: 75
        case .notPermitted: 77
        }
    }
}

extension InspectionError: CustomStringConvertible {
    /// The message.
    package var description: String { message }
}
