private import Glibc

/// Why Linux did not do what was asked of it.
package struct SystemError: Error, Sendable, Equatable {
    /// The kind of failure.
    package enum Code: String, Sendable, CaseIterable {
        /// The process lacks a privilege (EACCES, EPERM).
        case notPermitted = "not-permitted"
        /// There is no such file (ENOENT, ENOTDIR).
        case notFound = "not-found"
        /// Another process kept a lock for the whole time that was allowed.
        case busy
        /// A file is not what was asked for: too large, not a regular file, not text.
        case unusable
        /// A file is not to be acted on: another user could have written it.
        case notTrusted = "not-trusted"
        /// A child process was ended before it had done its work.
        case ended
        /// A call did not end before its deadline, and was broken off.
        case timedOut = "timed-out"
        /// A call into the kernel does not end and can't be broken off.
        case hung
        /// Anything else; `number` has the errno, if there is one.
        case unavailable
    }

    /// The kind of failure.
    package let code: Code
    /// A sentence for a person.
    package let message: String
    /// What lies below it: the C library's words for `number`, a kernel stack, the holder of a lock.
    package let cause: String?
    /// The errno; nil if no system call failed.
    package let number: ErrorNumber?

    /// A failure that no errno describes.
    package init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        number = nil
    }

    /// A failure with its errno.
    package init(_ code: Code, _ message: String, number: ErrorNumber) {
        self.code = code
        self.message = message
        cause = number.text
        self.number = number
    }

    /// A system call that failed: `what` follows "can't".
    package static func failing(_ what: String, _ number: Int32 = errno) -> SystemError {
        let code: Code =
            switch number {
            case EACCES, EPERM: .notPermitted
            case ENOENT, ENOTDIR: .notFound
            default: .unavailable
            }
        return SystemError(code, "can't \(what)", number: ErrorNumber(number))
    }

    /// Whether the same call may succeed later.
    package var isRetryable: Bool { code == .busy || code == .timedOut }
}

extension SystemError: CustomStringConvertible {
    /// The sentence, with the cause.
    package var description: String { cause.map { "\(message) (\($0))" } ?? message }
}
