private import CSystem
private import Glibc

/// A process of our own that does one thing in the kernel, which may hang in there.
///
/// delete_module(2) and init_module(2) can't be broken off while they wait for a lock or for a driver, and a thread that
/// hangs keeps its whole process from ending. A child does not: who waits for it can stop waiting.
package struct ChildProcess: ~Copyable {
    /// Its number.
    package let pid: Int32
    /// Can be read once the process has ended.
    private let end: Int32
    private let kill: (Int32) -> Void

    /// How often it is asked whether to go on waiting.
    private static let interval = Duration.milliseconds(100)

    /// Takes over `pid`, of a child that has just been started; `kill` ends it where it can be ended.
    ///
    /// - Throws: `SystemError` with the errno after the child has ended; `.hung` if it doesn't end.
    package init(_ pid: Int32, kill: @escaping (Int32) -> Void = { _ = Glibc.kill($0, SIGKILL) }) throws(SystemError) {
        self.pid = pid
        self.kill = kill
        end = daxswitch_open_process(pid)
        if end < 0 {
            let number = ErrorNumber(errno)
            let what = "can't watch a child process"
            // Nothing could end the waiting for it; and what it does is to be over before anything else is tried.
            kill(pid)
            if Self.isReaped(pid) { throw SystemError(.unavailable, what, number: number) }
            throw SystemError(
                .hung,
                "\(what), and it does not end (process \(pid)). A reboot ends it",
                number: number
            )
        }
    }

    /// Starts a child, which goes on where this call returns.
    ///
    /// - Parameter kept: The only descriptor that the child keeps besides the standard streams; nil if it keeps all.
    /// - Returns: The child's number; 0 in the child.
    /// - Throws: `SystemError` with the errno.
    static func start(keeping kept: Int32? = nil) throws(SystemError) -> Int32 {
        // Else the child would write again what stands in the buffers.
        fflush(nil)
        let pid = daxswitch_start_child()
        if pid < 0 { throw .failing("start a child process") }
        if pid == 0, let kept { daxswitch_keep_only(kept) }
        return pid
    }

    /// A child that writes `bytes` into `file` at once; it ends with the errno, 0 for success.
    ///
    /// - Throws: `SystemError` as the other `init` does.
    package init(writing bytes: [UInt8], into file: borrowing File) throws(SystemError) {
        let descriptor = file.descriptor
        let child = unsafe bytes.withUnsafeBytes {
            unsafe daxswitch_write_in_child(descriptor, $0.baseAddress, $0.count)
        }
        guard child > 0 else { throw .failing("start a child process") }
        try self.init(child)
    }

    /// Whether the child, which was killed, has ended within two seconds; looked for now and then, as nothing tells it.
    private static func isReaped(_ pid: Int32) -> Bool {
        for _ in 0..<200 {
            let ended = waitpid(pid, nil, WNOHANG)
            if ended == pid || ended < 0 && errno == ECHILD { return true }
            _ = poll(nil, 0, 10)
        }
        return false
    }

    deinit { if end >= 0 { close(end) } }

    /// How it ended.
    package enum End: Equatable {
        /// By itself, with this status as of waitpid(2).
        case ended(Int32)
        /// It was killed, since it was not to go on.
        case brokenOff
        /// It was killed and is still there: it hangs in the kernel.
        case hangs
    }

    /// Waits while `goesOn` says so, then kills it and gives it `grace` to be gone.
    package func wait(while goesOn: () -> Bool, grace: Duration) -> End {
        while true {
            if let end = wait(orFor: -1, while: goesOn, grace: grace) { return end }
        }
    }

    /// The same, but returns nil once it can be read from `answer`: the child goes on, and has answered.
    func wait(orFor answer: Int32, while goesOn: () -> Bool, grace: Duration) -> End? {
        while true {
            switch event(within: Self.interval, answer) {
            case .answer: return nil
            case .end: return .ended(status())
            case nil: if goesOn() { continue }
            }
            kill(pid)
            guard event(within: grace) == .end else { return .hangs }
            _ = status()
            return .brokenOff
        }
    }

    /// The functions of the kernel that it is in, the innermost first; nil if that can't be read.
    package var kernelStack: String? {
        let lines = stackText.lines.compactMap { line -> Substring? in
            // [<0>] function+0x12/0x34 (fs/proc/base.c: proc_pid_stack())
            line.fields().dropFirst().first?.prefix { $0 != "+" }
        }
        return lines.isEmpty ? nil : lines.joined(separator: " < ")
    }

    private var stackText: String {
        guard let bytes = try? File("/proc/\(pid)/stack", O_RDONLY).readAll() else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    private enum Event { case answer, end }

    /// What happens first within `time`; nil if nothing does.
    private func event(within time: Duration, _ answer: Int32 = -1) -> Event? {
        let limit = SuspendingClock.now + time
        while true {
            // poll() leaves out descriptors below 0.
            var watched = [end, answer].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let found = unsafe poll(&watched, 2, max((limit - SuspendingClock.now).milliseconds, 0))
            // A signal says nothing about the child.
            if found < 0 && errno == EINTR { continue }
            guard found > 0 else { return nil }
            return watched[1].revents & Int16(POLLIN) != 0 ? .answer : .end
        }
    }

    private func status() -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0 {
            // It was waited for elsewhere: it is gone, and how it ended is not known.
            guard errno == EINTR else { return SIGKILL }
        }
        return status
    }
}

extension Duration {
    /// Whole milliseconds, for poll(2); clamped.
    package var milliseconds: Int32 {
        Int32(clamping: components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
