import CSystem
import Glibc

/// The lock that only one daxswitch at a time has; given back with its owner, also by a crash.
package struct Lock: ~Copyable {
    private let file: File

    /// Takes the lock, waiting for up to `limit` where another process has it.
    ///
    /// - Throws: `ReloadError` `.busy` naming the process that has it, or `.unavailable`.
    package init(_ state: StateDirectory, waitingUpTo limit: Duration = .zero) throws(ReloadError) {
        file = try Self.take(state, limit)
    }

    /// Waits for up to `limit` until no other process has the lock. It is not taken, and no file is made or written.
    ///
    /// - Throws: `ReloadError` `.busy` naming the process that has it, or `.unavailable`.
    package static func waitUntilFree(_ state: StateDirectory, upTo limit: Duration = .zero) throws(ReloadError) {
        if unsafe access(state.lock, F_OK) != 0 && errno == ENOENT { return }
        try wait(for: try File(state.lock, O_RDONLY), LOCK_SH, state, limit)
    }

    private static func take(_ state: StateDirectory, _ limit: Duration) throws(ReloadError) -> File {
        try StateDirectory.makeParents(of: state.lock)
        let file = try File.forLocking(state.lock)
        try wait(for: file, LOCK_EX, state, limit)
        if ftruncate(file.descriptor, 0) != 0 { throw .failing("write \(state.lock)") }
        try file.append(Array(LockHolder.current.text.utf8))
        return file
    }

    private static func wait(
        for file: borrowing File,
        _ operation: Int32,
        _ state: StateDirectory,
        _ limit: Duration
    ) throws(ReloadError) {
        if try file.isLocked(operation, within: limit) { return }
        // The kernel does not say who it is, and the file is of whoever wrote it last.
        let holder = LockHolder(parsing: Self.text(file.descriptor)).flatMap { $0.isAlive ? " (\($0))" : nil } ?? ""
        throw ReloadError(
            .busy,
            "another daxswitch is at work\(holder); try again later, or wait for it with --wait SECONDS"
        )
    }

    private static func text(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}

extension File {
    /// Opens a file to be locked, and makes it where it is not there. Whoever can open a file can lock it: mode 0600.
    static func forLocking(_ path: String) throws(ReloadError) -> File {
        let file = try File(path, O_RDWR | O_CREAT, mode: 0o600)
        if fchmod(file.descriptor, 0o600) != 0 { throw .failing("set the mode of \(path)") }
        return file
    }

    /// Takes the lock on the file, alone (`LOCK_EX`) or with others (`LOCK_SH`); false where another process has kept it from
    /// that for all of `limit`.
    func isLocked(_ operation: Int32 = LOCK_EX, within limit: Duration) throws(ReloadError) -> Bool {
        let start = ContinuousClock.now
        while flock(descriptor, operation | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw .failing("lock \(path)") }
            guard ContinuousClock.now - start < limit else { return false }
            // flock() itself waits without end: nothing wakes it at the limit.
            _ = poll(nil, 0, 20)
        }
        return true
    }
}
