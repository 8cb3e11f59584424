private import CSystem
internal import Glibc

/// A lock file that only one process at a time has; given back with its owner, also by a crash.
package struct Lock: ~Copyable {
    private let file: File
    /// What the file said before of the process that had the lock last; no two say the same.
    package let lastHolder: String

    /// Takes the lock in the file at `path`, which is made, waiting for up to `limit` if another process has it.
    ///
    /// - Throws: `SystemError` with the errno; `.busy`, its cause the process that has the lock, if it can be told.
    package init(_ path: String, waitingUpTo limit: Duration = .zero) throws(SystemError) {
        let file = try File.locked(path, waitingUpTo: limit)
        let lastHolder = file.beginning
        if ftruncate(file.descriptor, 0) != 0 { throw .failing("write \(path)") }
        try file.append(Array(LockHolder.current.text.utf8))
        self.file = file
        self.lastHolder = lastHolder
    }

    /// Waits for up to `limit` until no other process has the lock. It is not taken, and no file is made or written.
    ///
    /// - Throws: as `init` does.
    /// - Returns: What the file says of the process that had it last; empty if there is no file.
    @discardableResult
    package static func waitUntilFree(_ path: String, upTo limit: Duration = .zero) throws(SystemError) -> String {
        let start = SuspendingClock.now
        while true {
            if unsafe access(path, F_OK) != 0 && errno == ENOENT { return "" }
            let file = try File(path, O_RDONLY)
            try file.wait(for: LOCK_SH, upTo: limit - (SuspendingClock.now - start))
            if file.isStillNamed { return file.beginning }
        }
    }
}

extension File {
    /// Opens the file at `path` and locks it for this process alone, waiting for up to `limit` if another one has the lock.
    /// The file and the directories above it are made if they are not there. Whoever can open a file can lock it: mode 0600.
    ///
    /// The lock is on a file, not on its name. If the file was removed or replaced while its lock was waited for (as when the
    /// package is purged), another process may already have the lock on the file that has the name now. So the two are
    /// compared, and the new file is locked instead.
    ///
    /// - Throws: `SystemError` with the errno; `.busy`, its cause the process that has the lock, if it can be told.
    package static func locked(_ path: String, waitingUpTo limit: Duration) throws(SystemError) -> File {
        let start = SuspendingClock.now
        while true {
            try WholeFile.makeParents(of: path)
            let file = try File(path, O_RDWR | O_CREAT, mode: 0o600)
            if fchmod(file.descriptor, 0o600) != 0 { throw .failing("set the mode of \(path)") }
            try file.wait(for: LOCK_EX, upTo: limit - (SuspendingClock.now - start))
            if file.isStillNamed { return file }
        }
    }

    /// Whether the name that the file was opened by is still its name.
    fileprivate var isStillNamed: Bool {
        guard let opened = try? status(), let named = try? FileStatus(path, follows: false) else { return false }
        return opened.isSameFile(as: named)
    }

    /// Takes the lock on the file, alone (`LOCK_EX`) or with others (`LOCK_SH`).
    fileprivate func wait(for operation: Int32, upTo limit: Duration) throws(SystemError) {
        let start = SuspendingClock.now
        // Whoever looks whether it is free has it for a moment.
        let limit = max(limit, .milliseconds(50))
        while flock(descriptor, operation | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw .failing("lock \(path)") }
            guard SuspendingClock.now - start < limit else {
                // The kernel does not say which process it is, and the file is of the one that wrote it last.
                let holder = LockHolder(parsing: beginning).flatMap { $0.isAlive ? "\($0)" : nil }
                throw SystemError(.busy, "another process has locked \(path)", cause: holder)
            }
            // flock() itself waits without end: nothing wakes it at the limit.
            _ = poll(nil, 0, 20)
        }
    }

    fileprivate var beginning: String {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}

/// Who has the lock, as the lock file says.
struct LockHolder: Equatable {
    var pid: Int32
    /// When it took the lock, UTC.
    var since: String
    var command: String

    /// This process, now.
    static var current: LockHolder {
        var seconds = time(nil)
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        var digits = [CChar](repeating: 0, count: 32)
        unsafe strftime(&digits, digits.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        let words = (0..<daxswitch_argument_count()).compactMap { index in
            unsafe daxswitch_argument(index).map { unsafe String(cString: $0) }
        }
        let command = words.enumerated().map { index, word in
            index == 0 ? word.parts(at: "/").last.map(String.init) ?? word : word
        }
        return LockHolder(
            pid: getpid(),
            since: String(decoding: digits.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
            // The file has one line for it.
            command: String(decoding: command.joined(separator: " ").utf8.filter { $0 >= 0x20 }, as: UTF8.self)
        )
    }

    /// Whether there is a process of that number.
    var isAlive: Bool { kill(pid, 0) == 0 || errno == EPERM }

    /// As it stands in the file: pid, time and command, a line each.
    var text: String { "\(pid)\n\(since)\n\(command)\n" }
}

extension LockHolder {
    /// Reads the file's text; nil where its owner has not written all of it yet.
    init?(parsing text: String) {
        let lines = text.parts(at: "\n", keepingEmpty: true)
        guard lines.count == 4, let pid = Int32(lines[0]) else { return nil }
        self.init(pid: pid, since: String(lines[1]), command: String(lines[2]))
    }
}

extension LockHolder: CustomStringConvertible {
    /// `pid 12, "daxswitch apply hmem", since 2026-11-23T08:44:51Z`
    var description: String { "pid \(pid), \"\(command)\", since \(since)" }
}
