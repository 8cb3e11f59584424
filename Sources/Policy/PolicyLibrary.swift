package import Ownership

/// Where policies are looked for: the machine's own, the packaged ones, and those inside the binary, in this order.
package struct PolicyLibrary: Sendable {
    /// The folders, the first one wins.
    package let folders: [String]

    /// Why the file that is open as a descriptor and was found at a path is not to be acted on; nil where it is.
    package typealias Distrust = @Sendable (_ descriptor: Int32, _ path: String) -> String?

    private let distrust: Distrust

    /// A library over `folders`, with the built-in policies behind them; no policy comes from a file that `distrust` names
    /// a reason against.
    package init(folders: [String] = Self.ofTheSystem, distrust: @escaping Distrust = { _, _ in nil }) {
        self.folders = folders
        self.distrust = distrust
    }

    /// The administrator's, what `make install` put there, and the package's.
    package static let ofTheSystem = ["/etc", "/usr/local/share", "/usr/share"].map { "\($0)/daxswitch/policies" }

    /// A policy with the place it came from.
    package struct Entry: Sendable, Equatable {
        /// The policy.
        package let policy: Policy
        /// A path, or `built in`.
        package let source: String

        /// A policy with its place.
        package init(policy: Policy, source: String) {
            self.policy = policy
            self.source = source
        }
    }

    /// Whether `name` is a path and not a name: it has a `/` or ends in `.toml`.
    package static func isPath(_ name: String) -> Bool { name.contains("/") || name.hasSuffix(".toml") }

    /// The policy with that name, or in the file at that path.
    package func find(_ name: String) throws(PolicyError) -> Entry {
        if Self.isPath(name) {
            guard let text = try text(of: name) else {
                throw PolicyError(
                    code: .unreadable,
                    file: name,
                    line: nil,
                    keyPath: nil,
                    message: "there is no such file"
                )
            }
            return Entry(policy: try PolicyFile.parse(text, file: name), source: name)
        }
        for folder in folders {
            let path = "\(folder)/\(name).toml"
            if let text = try text(of: path) {
                return Entry(policy: try PolicyFile.parse(text, file: path), source: path)
            }
        }
        if let text = Self.builtinTexts[name] {
            return Entry(policy: try PolicyFile.parse(text, file: "\(name).toml"), source: "built in")
        }
        throw PolicyError(
            code: .notFound,
            file: name,
            line: nil,
            keyPath: nil,
            message: "no policy has this name; there are \(names.joined(separator: ", "))"
        )
    }

    /// The names that `find` knows, sorted.
    package var names: [String] {
        let files = folders.flatMap { namesOfFiles(in: $0) }.filter { $0.hasSuffix(".toml") }
            .map { String($0.dropLast(".toml".count)) }
        return Set(files + Self.builtinTexts.keys).sorted()
    }

    /// The text at `path`; nil where no file is there.
    private func text(of path: String) throws(PolicyError) -> String? {
        switch readText(path, distrust: distrust) {
        case .text(let text): return text
        case .missing: return nil
        case .failure(let message):
            throw PolicyError(code: .unreadable, file: path, line: nil, keyPath: nil, message: message)
        case .distrusted(let why):
            throw PolicyError(code: .notTrusted, file: path, line: nil, keyPath: nil, message: why)
        }
    }
}
