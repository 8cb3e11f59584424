private import Glibc

/// A call into the kernel that is made in a child process and has a deadline.
package struct WatchedCall {
    private let deadline: Duration
    private let grace: Duration
    private let kill: (Int32) -> Void

    /// A call that may take as long as `deadline`, and `grace` to end once it was killed; `kill` is what is done to a child
    /// that takes too long. The kernel itself calls a task hung after 120 s (kernel/hung_task.c).
    package init(
        deadline: Duration = .seconds(120),
        grace: Duration = .seconds(2),
        kill: @escaping (Int32) -> Void = { _ = Glibc.kill($0, SIGKILL) }
    ) {
        self.deadline = deadline
        self.grace = grace
        self.kill = kill
    }

    /// Makes the call `body` in a child; what it gives back, at most what a pipe holds (64 KiB), is given back here.
    ///
    /// - Parameter name: what is done, as in "can't remove cxl_acpi".
    /// - Throws: `SystemError` `.timedOut` if it did not end in time and was broken off, `.ended` if its process died,
    ///   `.hung` if it hangs in the kernel.
    package func answer(_ name: String, _ body: () -> [UInt8]) throws(SystemError) -> [UInt8] {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .failing("make a pipe") }
        let answer = File(owning: ends[0], path: "a pipe")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // What is read once the child has ended is all there: nothing is waited for.
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        defer { close(ends[1]) }
        let pid = try ChildProcess.start()
        if pid == 0 { Self.write(body(), to: ends[1]) }
        let child = try ChildProcess(pid, kill: kill)
        try judge(child, name)
        // Another child may still have the other end open, so there is no end of file.
        var bytes: [UInt8] = []
        while let part = try? answer.readPart(), !part.isEmpty { bytes += part }
        return bytes
    }

    private func judge(_ child: borrowing ChildProcess, _ name: String) throws(SystemError) {
        // Not the time for which the machine was suspended: the call made no progress in it.
        let start = SuspendingClock.now
        var stack: String?
        let end = child.wait(
            while: {
                if SuspendingClock.now - start < deadline { return true }
                stack = child.kernelStack
                return false
            },
            grace: grace
        )
        let place = stack.map { "in the kernel: \($0)" } ?? "its kernel stack can't be read"
        let seconds = deadline.components.seconds
        switch end {
        case .ended(0): return
        case .ended(let status):
            throw SystemError(.ended, "can't \(name): the process that did it was killed", cause: "status \(status)")
        case .brokenOff:
            throw SystemError(
                .timedOut,
                "can't \(name): it did not finish within \(seconds) s and was stopped",
                cause: place
            )
        case .hangs:
            throw SystemError(
                .hung,
                "can't \(name): it did not finish within \(seconds) s and can't be stopped "
                    + "(process \(child.pid)). A reboot ends it",
                cause: place
            )
        }
    }

    /// In the child: writes the answer and ends. One that can't be told must not pass for an empty one.
    private static func write(_ answer: [UInt8], to descriptor: Int32) -> Never {
        let written = unsafe answer.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        _exit(written == answer.count ? 0 : 1)
    }
}
