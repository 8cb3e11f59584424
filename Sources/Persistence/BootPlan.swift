package import Machine

/// What must be written and removed so a choice holds, or none does. Pure.
package struct BootPlan: Sendable, Equatable {
    /// What becomes of a file.
    package enum Action: String, Sendable, CaseIterable {
        /// It is made, or replaced.
        case write
        /// It is removed.
        case remove
        /// It is as it should be.
        case keep
    }

    /// A file and what becomes of it.
    package struct Change: Sendable, Equatable {
        /// What becomes of it.
        package let action: Action
        /// Where it lies.
        package let path: String
        /// What it will hold; nil where it is removed.
        package let text: String?
    }

    /// The files concerned, in the order in which they are changed.
    package let changes: [Change]

    /// Nothing at all.
    package static let nothing = BootPlan(changes: [])

    private init(changes: [Change]) { self.changes = changes }

    /// Whether no file is changed.
    package var isEmpty: Bool { changes.allSatisfy { $0.action == .keep } }

    /// The changes from what `present` says of each path to `choice`; nil is no choice.
    ///
    /// - Parameter loader: What has the parameter for it; nil where none is needed.
    ///
    /// - Throws: `PersistenceError` `.foreignFile` or `.editedFile` about a file in the way that is not as daxswitch
    ///   wrote it.
    package init(
        choice: BootChoice?,
        builder: InitramfsBuilder?,
        loader: BootLoader? = nil,
        present: [String: String]
    ) throws(PersistenceError) {
        let wanted = choice.map { PersistedFile.wanted(for: $0, builder: builder, loader: loader) } ?? []
        var changes: [Change] = []
        for path in PersistedFile.paths {
            let now = present[path]
            let text = wanted.first { $0.path == path }?.text
            if let now, now == text {
                changes.append(Change(action: .keep, path: path, text: text))
                continue
            }
            if let now { try Self.check(now, at: path) }
            if let text {
                changes.append(Change(action: .write, path: path, text: text))
            } else if now != nil {
                changes.append(Change(action: .remove, path: path, text: nil))
            }
        }
        self.changes = changes
    }

    /// Looks whether a file is as daxswitch wrote it.
    static func check(_ text: String, at path: String) throws(PersistenceError) {
        if PersistedFile.known(at: path).contains(text) { return }
        guard text.hasPrefix(PersistedFile.mark) else {
            throw PersistenceError(
                .foreignFile,
                "\(path) was not written by daxswitch. Move it away, then run persist again"
            )
        }
        throw PersistenceError(
            .editedFile,
            "\(path) was edited after daxswitch wrote it. Keep a copy if you need one, remove it, then run persist again"
        )
    }
}
