private import CSystem
internal import Glibc

/// What a program prints on standard output, read while it runs. The program is stopped when nobody reads it any further.
package final class ProgramOutput: ByteStream {
    private let name: String
    private let child: ChildProcess
    private let control: File
    private let output: File
    private let limit: SuspendingClock.Instant
    private let deadline: Duration
    private var hasEnded = false

    /// How long the program may take to end once it was stopped.
    private static let grace = Duration.seconds(20)

    /// Starts `command`, the program's path and its arguments, with `input` as its standard input, read from its start.
    ///
    /// - Throws: `SystemError` if it can't be started.
    package init(of command: [String], input: borrowing File, within deadline: Duration) throws(SystemError) {
        name = command[0]
        if lseek(input.descriptor, 0, SEEK_SET) < 0 { throw .failing("read \(input.path)") }
        var ends = daxswitch_pipe()
        guard unsafe daxswitch_open_pipe(&ends) == 0 else { throw .failing("make a pipe") }
        output = File(owning: ends.reading, path: "the output of \(command[0])")
        let writing = File(owning: ends.writing, path: output.path)
        let started = try ProgramRun.start(command, input: input.descriptor, output: writing.descriptor)
        control = File(owning: started.control, path: "the guard of \(name)")
        let socket = started.control
        child = try ChildProcess(started.guardian) { _ in _ = shutdown(socket, Int32(SHUT_RDWR)) }
        limit = SuspendingClock.now + deadline
        self.deadline = deadline
    }

    deinit { if !hasEnded { stop() } }

    /// The next bytes; none once the program has ended with 0.
    ///
    /// - Throws: `SystemError`: `.timedOut` at the deadline, `.unusable` if the program ended with another status.
    package func next() throws(SystemError) -> [UInt8] {
        if hasEnded { return [] }
        guard waitForBytes() else {
            stop()
            throw SystemError(
                .timedOut,
                "\(name) did not finish within \(deadline.components.seconds) s and was stopped"
            )
        }
        let part = try output.readPart()
        if !part.isEmpty { return part }
        hasEnded = true
        guard case .ended(let status) = child.wait(while: { SuspendingClock.now < limit }, grace: Self.grace) else {
            throw SystemError(.timedOut, "\(name) did not finish and was stopped")
        }
        let code = ProgramRun.exitStatus(of: status)
        guard code == 0 else {
            throw SystemError(
                .unusable,
                "\(name) failed with exit status \(code)",
                cause: "the data is damaged or cut off"
            )
        }
        return []
    }

    private func waitForBytes() -> Bool {
        while true {
            var watched = pollfd(fd: output.descriptor, events: Int16(POLLIN), revents: 0)
            let found = unsafe poll(&watched, 1, max((limit - SuspendingClock.now).milliseconds, 0))
            if found < 0 && errno == EINTR { continue }
            return found > 0
        }
    }

    private func stop() {
        hasEnded = true
        _ = child.wait(while: { false }, grace: Self.grace)
    }
}
