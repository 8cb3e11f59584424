internal import Glibc
package import LinuxSystem
package import Ownership

/// Where policies are looked for: the machine's own, the packaged ones, and those inside the binary, in this order.
package struct PolicyLibrary: Sendable {
    /// The folders, the first one wins.
    package let folders: [String]

    private let distrust: TextFile.Distrust

    /// A library over `folders`, with the built-in policies behind them; no policy comes from a file that `distrust` names
    /// a reason against.
    package init(folders: [String] = Self.ofTheSystem, distrust: @escaping TextFile.Distrust = { _ in nil }) {
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
        /// What a command names it by: a name, or a path.
        package let argument: String

        /// A policy with its place.
        package init(policy: Policy, source: String, argument: String) {
            self.policy = policy
            self.source = source
            self.argument = argument
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
                    message: "no such file"
                )
            }
            return Entry(policy: try PolicyFile.parse(text, file: name), source: name, argument: name)
        }
        for folder in folders {
            let path = "\(folder)/\(name).toml"
            if let text = try text(of: path) {
                return Entry(policy: try PolicyFile.parse(text, file: path), source: path, argument: name)
            }
        }
        if let text = Self.builtinTexts[name] {
            return Entry(policy: try PolicyFile.parse(text, file: "\(name).toml"), source: "built in", argument: name)
        }
        throw PolicyError(
            code: .notFound,
            file: name,
            line: nil,
            keyPath: nil,
            message: "no policy has this name. Policies: \(names.joined(separator: ", "))"
        )
    }

    /// The names that `find` knows, sorted.
    package var names: [String] {
        let files = folders.flatMap { Self.namesOfFiles(in: $0) }.filter { $0.hasSuffix(".toml") }
            .map { String($0.dropLast(".toml".count)) }
        return Set(files + Self.builtinTexts.keys).sorted()
    }

    /// The names in a folder; none where it can't be read.
    private static func namesOfFiles(in folder: String) -> [String] {
        (try? File(folder, O_RDONLY | O_DIRECTORY, follows: true).names()) ?? []
    }

    /// The largest policy that is read, in bytes: a policy is a page.
    private static let sizeLimit = 1 << 20

    /// The text at `path`; nil where no file is there.
    private func text(of path: String) throws(PolicyError) -> String? {
        do {
            return try TextFile.read(path, upTo: Self.sizeLimit, distrust: distrust)
        } catch {
            if error.code == .notFound { return nil }
            throw PolicyError(error, file: path)
        }
    }
}

extension PolicyError {
    /// A file that can't be read, or is not to be acted on.
    fileprivate init(_ error: SystemError, file: String) {
        let code: Code = error.code == .notTrusted ? .notTrusted : .unreadable
        self.init(code: code, file: file, line: nil, keyPath: nil, message: error.cause ?? error.message)
    }
}
