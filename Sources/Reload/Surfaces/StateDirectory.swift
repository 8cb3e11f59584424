internal import Glibc
internal import Inspection
package import LinuxSystem

/// Where daxswitch keeps what lives until the next boot; another root serves tests.
package struct StateDirectory: Sendable {
    /// What stands before every path; empty for this machine.
    package let root: String

    /// The directories below `root`; "" is this machine.
    package init(root: String = "") { self.root = root }

    /// `/run/daxswitch`.
    package var directory: String { "\(root)/run/daxswitch" }
    /// The lock file.
    package var lock: String { "\(directory)/lock" }
    /// The journal.
    package var journal: String { "\(directory)/journal" }
    /// The journal of the run before.
    package var lastJournal: String { "\(directory)/journal.last" }
    /// What is remembered of the regions.
    package var facts: String { "\(directory)/regions.json" }
    /// The drop-in for modprobe that keeps `cxl_acpi` out.
    package var hold: String { root + Inspector.holdPath }
    /// The udev rule that goes with it.
    package var holdRules: String { root + Inspector.holdRulesPath }
    /// There while the two are changed.
    package var holdChange: String { root + Inspector.holdChangePath }
    /// Where systemd-udevd keeps what lives until the next boot.
    var udev: String { "\(root)/run/udev" }
    /// There while udev has events to work on.
    var udevQueue: String { "\(udev)/queue" }

    /// The bytes of the file at `path`; nil if it is missing.
    static func read(_ path: String) throws(ReloadError) -> [UInt8]? {
        // A FIFO would be waited for.
        do { return try File(path, O_RDONLY | O_NONBLOCK).readAll() } catch {
            if error.number?.number == ENOENT { return nil }
            throw ReloadError(error)
        }
    }

    /// Replaces the file at `path` as one act, written out to the disk; makes the directories above it.
    ///
    /// - Parameter isPrivate: Only root can read it: it holds physical addresses. The drop-ins must be readable for all.
    package static func write(_ bytes: [UInt8], to path: String, isPrivate: Bool = false) throws(ReloadError) {
        do { try WholeFile.write(bytes, to: path, isPrivate: isPrivate) } catch { throw ReloadError(error) }
    }

    /// Removes the file at `path`; one that is not there is no error.
    package static func remove(_ path: String) throws(ReloadError) {
        do { try WholeFile.remove(path) } catch { throw ReloadError(error) }
    }
}

extension StateDirectory {
    /// Makes the directory if it is not there, and checks that no other user can put anything into it: a file that is written
    /// there could be a link to another one by then.
    ///
    /// - Throws: `ReloadError` `.unavailable`.
    fileprivate func prepare() throws(ReloadError) {
        let status: FileStatus
        do {
            try WholeFile.makeParents(of: lock)
            status = try FileStatus(directory, follows: false)
        } catch {
            throw ReloadError(error)
        }
        let problem: String
        if status.kind != .directory {
            problem = "is not a directory"
        } else if status.belongsToAnother {
            problem = "belongs to user \(status.user)"
        } else if status.othersCanWrite {
            problem = "is writable by users who are not root"
        } else {
            return
        }
        throw ReloadError(.unavailable, "\(directory) \(problem), so its files can't be trusted. Remove it")
    }
}

extension Lock {
    /// Takes the lock that only one daxswitch at a time has, waiting for up to `limit` if another process has it.
    ///
    /// - Throws: `ReloadError` `.busy` naming the process that has it, or `.unavailable`.
    package init(_ state: StateDirectory, waitingUpTo limit: Duration = .zero) throws(ReloadError) {
        try state.prepare()
        do { try self.init(state.lock, waitingUpTo: limit) } catch { throw Self.refusal(error) }
    }

    /// Waits for up to `limit` until no other daxswitch has the lock. It is not taken, and no file is made or written.
    ///
    /// - Throws: `ReloadError` `.busy` naming the process that has it, or `.unavailable`.
    /// - Returns: What its file says of the one that had it last; empty if there is no file.
    @discardableResult
    package static func waitUntilFree(
        _ state: StateDirectory,
        upTo limit: Duration = .zero
    ) throws(ReloadError) -> String {
        do { return try waitUntilFree(state.lock, upTo: limit) } catch { throw refusal(error) }
    }

    private static func refusal(_ error: SystemError) -> ReloadError {
        if error.code == .notPermitted { return ReloadError(.notPermitted, "\(error). Run as root") }
        guard error.code == .busy else { return ReloadError(error) }
        let holder = error.cause.map { " (\($0))" } ?? ""
        return ReloadError(
            .busy,
            "another daxswitch is running\(holder). Try again later, or wait for it with --wait SECONDS"
        )
    }
}
