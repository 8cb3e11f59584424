/// Why a policy can't be used.
package struct PolicyError: Error, Sendable, Equatable {
    /// What kind of obstacle.
    package enum Code: String, Sendable {
        /// No policy has that name.
        case notFound = "policy-not-found"
        /// The file can't be read.
        case unreadable = "policy-unreadable"
        /// Others could have written the file.
        case notTrusted = "not-trusted"
        /// The text is not TOML, or not a policy.
        case invalid = "policy-invalid"
    }
    /// What kind of obstacle.
    package let code: Code
    /// The file, or the name that was asked for.
    package let file: String
    /// The line in the file, from 1, where it is known.
    package let line: Int?
    /// The key concerned, for example `want.window_only` or `order[2]`.
    package let keyPath: String?
    /// What is wrong and what would be right.
    package let message: String
}

extension PolicyError: CustomStringConvertible {
    /// `FILE:LINE: KEY: what is wrong`.
    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return ([place] + [keyPath].compactMap(\.self) + [message]).joined(separator: ": ")
    }
}
