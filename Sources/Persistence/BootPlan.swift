package import Machine

/// What must be written and removed so that a choice holds, or none does. Pure.
package struct BootPlan: Sendable, Equatable {
    /// What becomes of a file.
    package enum Action: String, Sendable {
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
    /// - Throws: `PersistenceError` `.foreignFile` or `.editedFile` about a file in the way that is not as daxswitch
    ///   wrote it.
    package init(
        choice: BootChoice?,
        builder: InitramfsBuilder?,
        present: [String: String]
    ) throws(PersistenceError) {
        let wanted = choice.map { PersistedFile.wanted(for: $0, builder: builder) } ?? []
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

    private static func check(_ text: String, at path: String) throws(PersistenceError) {
        if PersistedFile.known(at: path).contains(text) { return }
        guard text.hasPrefix(PersistedFile.mark) else {
            throw PersistenceError(
                .foreignFile,
                "\(path) was not written by daxswitch: move it away, then run persist again"
            )
        }
        throw PersistenceError(
            .editedFile,
            "\(path) was edited since daxswitch wrote it: keep a copy if you need one, remove it, then run persist again"
        )
    }
}

/// Carries a `BootPlan` out on a system: all of it, or nothing.
package struct Persisting {
    private let system: BootSystem

    /// On `system`.
    package init(on system: BootSystem) { self.system = system }

    /// Writes and removes, then has `builder` make the initramfs anew where one is given.
    ///
    /// - Throws: what the system throws, after the files are as before, and the images too: those that were made with what
    ///   was written are made once more. `PersistenceError` `.halfRebuilt` where that fails as well.
    package func carryOut(_ plan: BootPlan, rebuildingBy builder: InitramfsBuilder?) throws {
        let before = try system.present()
        let images = system.images
        var touched: [String] = []
        do {
            for change in plan.changes where change.action != .keep {
                touched.append(change.path)
                if let text = change.text {
                    try system.write(text, to: change.path)
                } else {
                    try system.remove(change.path)
                }
            }
        } catch {
            for path in touched { restore(before[path], at: path) }
            throw error
        }
        guard let builder else { return }
        do {
            try rebuild(builder)
        } catch {
            for path in touched { restore(before[path], at: path) }
            try restoreImages(images, by: builder, isNeeded: !touched.isEmpty, after: error)
            throw error
        }
    }

    private func rebuild(_ builder: InitramfsBuilder) throws {
        try system.rebuild(builder)
        let stale = system.images.stale
        guard stale.isEmpty else {
            throw PersistenceError(
                .notRebuilt,
                "\(builder.command.joined(separator: " ")) ended 0 and left older than /etc/modprobe.d: "
                    + "\(stale.joined(separator: ", ")). See its configuration and whether the place can be written, or leave "
                    + "--update-initramfs out and rebuild in your own way"
            )
        }
    }

    /// Makes the images that have what was taken back once more; without it they would bring it at the next boot.
    private func restoreImages(
        _ before: InitramfsImages,
        by builder: InitramfsBuilder,
        isNeeded: Bool,
        after failure: any Error
    ) throws(PersistenceError) {
        let half = system.images
        var left = half.written(since: before)
        if isNeeded && half.isEmpty {
            // Whether an image was made is not known, so that only a builder that succeeds tells.
            if (try? system.rebuild(builder)) == nil { left = ["an image at a place that is not known"] }
        } else if isNeeded && !left.isEmpty {
            try? system.rebuild(builder)
            let redone = system.images.written(since: half)
            left.removeAll(where: redone.contains)
        }
        if left.isEmpty { return }
        let why = (failure as? PersistenceError)?.message ?? "\(failure)"
        throw PersistenceError(
            .halfRebuilt,
            "\(why). The files are as before; not so \(left.joined(separator: ", ")), made with the files as this run had "
                + "them: run \(builder.command.joined(separator: " ")) once it can work"
        )
    }

    /// As good as it goes: the error that led here is what is told.
    private func restore(_ text: String?, at path: String) {
        if let text { try? system.write(text, to: path) } else { try? system.remove(path) }
    }
}
