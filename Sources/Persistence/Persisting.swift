/// Carries a `BootPlan` out on a system: all of it, or nothing.
package struct Persisting<System: BootSystem> {
    private let system: System

    /// On `system`.
    package init(on system: System) { self.system = system }

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
