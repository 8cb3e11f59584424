import Machine

/// Carries a `BootPlan` out on a system: all of it, or nothing. The caller has the lock.
///
/// A journal holds what was there before, from the first change on until everything is done or put back. If the process is
/// killed, `recover` puts that back, and the next `persist` goes on from there: it makes its own choice hold, and keeps what
/// the first run found.
package struct Persisting {
    private let system: BootSystem
    private let interruption: () -> String?

    /// On `system`.
    ///
    /// - Parameter interruption: The name of the signal that came, nil if none has: the builder is stopped, and everything is
    ///   put back.
    package init(on system: BootSystem, interruption: @escaping () -> String? = { nil }) {
        self.system = system
        self.interruption = interruption
    }

    /// Writes and removes, then has the boot loader changed and `builder` build the initramfs again if they are given.
    ///
    /// - Throws: what the system throws, after the files are as before, and the images too: those that were built with what
    ///   was written are built again. `PersistenceError` `.halfRebuilt` if that fails as well, `.halfDone` if a file could not
    ///   be put back or the builder doesn't end: the journal stays. `.unfinished` if only a builder could finish what an
    ///   earlier run began.
    package func carryOut(
        _ plan: BootPlan,
        rebuildingBy builder: InitramfsBuilder?,
        changing loader: BootLoaderChange? = nil
    )
        throws
    {
        var journal = try system.journal() ?? ChoiceJournal(files: try system.present(), images: system.images)
        if builder == nil && journal.hasBuilt { throw PersistenceError.unfinished }
        if loader == nil && journal.bootLoader != nil { throw PersistenceError.unfinishedBootLoader }
        if let loader { try system.check(loader) }
        try system.write(journal)
        do {
            for change in plan.changes where change.action != .keep {
                try checkInterruption()
                try system.put(change.text, at: change.path)
            }
            if let loader {
                try checkInterruption()
                if journal.bootLoader == nil {
                    journal.bootLoader = ChoiceJournal.FormerBootLoader(
                        name: loader.loader.rawValue,
                        hadParameter: system.hasParameter(files: journal.files)
                    )
                    try system.write(journal)
                }
                try change(loader)
            }
            if let builder {
                try checkInterruption()
                journal.hasBuilt = true
                try system.write(journal)
                try rebuild(builder)
            }
        } catch {
            // A builder that doesn't end works on: nothing may be built beside it.
            if (error as? PersistenceError)?.code == .halfDone { throw error }
            _ = try putBack(journal, builder: builder, after: error)
            throw error
        }
        try system.removeJournal()
        // It need not be found again then.
        if let check = try? system.check(system.images) { try? system.keep(check) }
    }

    /// Puts back what a `persist` found that was interrupted; nil without such a `persist`, else the restored files.
    ///
    /// - Throws: `PersistenceError` `.editedFile` or `.foreignFile` if somebody else has changed a file since; as `carryOut` does.
    package func recover() throws -> [String]? {
        guard let journal = try system.journal() else { return nil }
        for (path, text) in try system.present() where text != journal.files[path] {
            try BootPlan.check(text, at: path)
        }
        return try putBack(journal, builder: system.builder, after: nil)
    }

    private func checkInterruption() throws(PersistenceError) {
        guard let signal = interruption() else { return }
        throw PersistenceError(.interrupted, "stopped by \(signal) before all was written; nothing was changed")
    }

    private func change(_ loader: BootLoaderChange) throws(PersistenceError) {
        do throws(PersistenceError) {
            try system.update(loader) { interruption() == nil }
        } catch {
            guard error.code == .interrupted, let signal = interruption() else { throw error }
            throw PersistenceError(.interrupted, "stopped by \(signal): \(error.message)")
        }
        let left = system.bootEntries.files(leavingOut: "cxl_acpi", is: !loader.isWanted)
        guard left.isEmpty else {
            throw PersistenceError(
                .bootLoader,
                "\(loader.commands.map { $0.joined(separator: " ") }.joined(separator: ", ")) succeeded, but "
                    + "\(left.joined(separator: ", ")) \(loader.isWanted ? "does not have" : "still has") \(BootLoader.parameter). Check "
                    + "what else writes that file, or change it by hand and run persist without --update-boot-loader"
            )
        }
    }

    private func rebuild(_ builder: InitramfsBuilder) throws {
        let before = system.images.stamps
        do throws(PersistenceError) {
            try system.rebuild(builder) { interruption() == nil }
        } catch {
            guard error.code == .interrupted, let signal = interruption() else { throw error }
            throw PersistenceError(.interrupted, "stopped by \(signal): \(error.message)")
        }
        let images = system.images
        let check = try system.check(images, built: images.written(since: before))
        guard check.pending.isEmpty else {
            throw PersistenceError(
                .notRebuilt,
                "\(builder.command.joined(separator: " ")) succeeded, but these images don't have the written files: "
                    + "\(check.pending.joined(separator: ", ")). Check its configuration and that the directory is "
                    + "writable, or rebuild them yourself and run persist without --update-initramfs"
            )
        }
    }

    /// The files that were put back. Signals are not heeded here: the way back goes on to its end.
    private func putBack(
        _ journal: ChoiceJournal,
        builder: InitramfsBuilder?,
        after failure: (any Error)?
    ) throws -> [String] {
        let present = try system.present()
        let touched = PersistedFile.paths.filter { present[$0] != journal.files[$0] }
        for path in touched {
            do {
                try system.put(journal.files[path], at: path)
            } catch {
                throw PersistenceError(
                    .halfDone,
                    "\(why(failure))\(path) could not be restored: \(why(error))Make it writable, then run `daxswitch recover`"
                )
            }
        }
        if let former = journal.bootLoader { try putBack(former, after: failure) }
        if journal.hasBuilt {
            // A builder that was stopped may have left half an image.
            let isBroken = failure.map { ($0 as? PersistenceError)?.code == .interrupted } ?? true
            let left = imagesLeft(of: journal, by: builder, isNeeded: !touched.isEmpty || isBroken)
            if !left.isEmpty {
                try system.removeJournal()
                let command = builder.map { "repair \($0.command[0]), then run \($0.command.joined(separator: " "))" }
                throw PersistenceError(
                    .halfRebuilt,
                    "\(why(failure))The files are restored, but \(left.joined(separator: ", ")) still has what "
                        + "this run wrote: \(command ?? "rebuild it yourself")"
                )
            }
        }
        try system.removeJournal()
        return touched
    }

    private func putBack(_ former: ChoiceJournal.FormerBootLoader, after failure: (any Error)?) throws(PersistenceError)
    {
        guard let loader = BootLoader(rawValue: former.name) else { return }
        do throws(PersistenceError) {
            try system.update(try system.change(loader, to: former.hadParameter))
        } catch {
            throw PersistenceError(
                .halfDone,
                "\(why(failure))The boot loader could not be restored: \(why(error))Remove the cause, then run `daxswitch recover`"
            )
        }
    }

    /// Builds the images again that still have what was undone, and would use it at the next boot; the ones
    /// that still have it.
    private func imagesLeft(of journal: ChoiceJournal, by builder: InitramfsBuilder?, isNeeded: Bool) -> [String] {
        let half = system.images
        var left = half.written(since: journal.images)
        let rebuild = { builder.map { builder in (try? system.rebuild(builder)) != nil } ?? false }
        if isNeeded && half.isEmpty {
            // Whether an image was made is not known, so only a builder that succeeds tells.
            if !rebuild() { left = ["an image at an unknown path"] }
        } else if isNeeded && !left.isEmpty {
            _ = rebuild()
            let redone = system.images.written(since: half.stamps)
            left.removeAll(where: redone.contains)
        }
        return left
    }

    private func why(_ error: (any Error)?) -> String {
        error.map { "\(($0 as? PersistenceError)?.message ?? "\($0)"). " } ?? ""
    }
}
