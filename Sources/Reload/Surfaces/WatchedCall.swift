import CSystem
import FoundationEssentials
import Glibc

/// A call into the kernel that is made in a child process and has a deadline.
struct WatchedCall {
    /// How long it may take. The kernel itself calls a task hung after 120 s (kernel/hung_task.c).
    var deadline: Duration = .seconds(120)
    /// How long it may take to end once it was killed.
    var grace: Duration = .seconds(2)
    /// What is done to a child that takes too long.
    var kill: (pid_t) -> Void = { _ = Glibc.kill($0, SIGKILL) }

    /// Makes the call `body`; its error is thrown here.
    ///
    /// - Parameter name: what is done, as in "can't remove cxl_acpi".
    /// - Throws: what `body` throws; `ReloadError` `.stepFailed` where it did not end in time and was broken off, or its
    ///   process died; `.hung` where it hangs in the kernel.
    func run(_ name: String, _ body: () throws(ReloadError) -> Void) throws(ReloadError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .failing("make a pipe") }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // What is read once the child has ended is all there: nothing is waited for.
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        // Else the child would write once more what stands in the buffers.
        fflush(nil)
        let pid = daxswitch_start_child()
        if pid == 0 { Self.answer(body, to: ends[1]) }
        let failure = ReloadError.failing("start a child process")
        close(ends[1])
        guard pid > 0 else { throw failure }
        let child = try ChildProcess(pid, kill: kill)
        try judge(child, name, ends[0])
    }

    private func judge(_ child: borrowing ChildProcess, _ name: String, _ answer: Int32) throws(ReloadError) {
        let start = ContinuousClock.now
        var stack: String?
        let end = child.wait(
            while: {
                if ContinuousClock.now - start < deadline { return true }
                stack = child.kernelStack
                return false
            },
            grace: grace
        )
        let place = stack.map { "in the kernel it is in \($0)" } ?? "its kernel stack can't be read"
        switch end {
        case .ended(0):
            if let error = Self.error(in: Self.bytes(answer)) { throw error }
        case .ended(let status):
            throw ReloadError(
                .stepFailed,
                "can't \(name): the process that did it was ended",
                cause: "status \(status)"
            )
        case .brokenOff:
            throw ReloadError(
                .stepFailed,
                "can't \(name): it did not come to an end in \(deadline.components.seconds) s and was broken off",
                cause: place
            )
        case .hangs:
            throw ReloadError(
                .hung,
                "can't \(name): it did not come to an end in \(deadline.components.seconds) s and can't be broken off "
                    + "(process \(child.pid)); a reboot ends it",
                cause: place
            )
        }
    }

    /// In the child: makes the call, writes the error, if any, and ends.
    private static func answer(_ body: () throws(ReloadError) -> Void, to descriptor: Int32) -> Never {
        do {
            try body()
        } catch {
            let words = Words(code: error.code.rawValue, message: error.message, cause: error.cause)
            let bytes = (try? JSONEncoder().encode(words)).map { Array($0) } ?? []
            let written = unsafe bytes.withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress, $0.count)
            }
            // An error that can't be told must not pass for none.
            if bytes.isEmpty || written != bytes.count { _exit(1) }
        }
        _exit(0)
    }

    private static func bytes(_ descriptor: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return bytes }
            bytes += buffer.prefix(count)
        }
    }

    private static func error(in bytes: [UInt8]) -> ReloadError? {
        if bytes.isEmpty { return nil }
        guard let words = try? JSONDecoder().decode(Words.self, from: Data(bytes)),
            let code = ReloadError.Code(rawValue: words.code)
        else { return ReloadError(.stepFailed, "the process that did the step said nothing that can be understood") }
        return ReloadError(code, words.message, cause: words.cause)
    }

    private struct Words: Codable {
        var code: String
        var message: String
        var cause: String?
    }
}
