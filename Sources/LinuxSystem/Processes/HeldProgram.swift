private import CSystem
internal import Glibc

/// A program of the system that runs beside this process until it is let go: at the latest when this process ends, also by
/// `kill -9`.
///
/// It reads a pipe that only this process can write to, and is expected to end when the pipe is closed. It has a process
/// group of its own and no variables of this process's environment.
package struct HeldProgram: ~Copyable {
    private let child: ChildProcess
    private let input: File

    /// What a program that copies its input to its output shows when it is at work.
    private static let mark = "daxswitch is at work\n"

    /// How long a program that was let go or killed may take to end.
    private static let grace = Duration.seconds(2)

    /// Starts `command`, which must copy its standard input to its standard output as cat(1) does, and returns as soon as it
    /// does so.
    ///
    /// - Parameters:
    ///   - command: The program's path, and its arguments.
    ///   - deadline: How long it may take until it copies.
    /// - Throws: `SystemError` if it can't be started; `.ended` if it ended instead, with the last line that it printed;
    ///   `.timedOut` after the deadline: then it is killed, with all that it started.
    package init(_ command: [String], within deadline: Duration) throws(SystemError) {
        let name = command[0]
        let started = try Self.start(command)
        let input = File(owning: started.input, path: "the input of \(name)")
        let output = File(owning: started.output, path: "the output of \(name)")
        let child = try ChildProcess(started.process) { _ = kill(-$0, SIGKILL) }
        let start = SuspendingClock.now
        var printed: [UInt8] = []
        while !printed.reversed().starts(with: Self.mark.utf8.reversed()) {
            let rest = deadline - (SuspendingClock.now - start)
            guard rest > .zero else {
                _ = child.wait(while: { false }, grace: Self.grace)
                throw SystemError(
                    .timedOut,
                    "\(name) did not answer within \(deadline.components.seconds) s and was stopped"
                )
            }
            guard output.isReadable(within: rest) else { continue }
            let part = try output.readPart()
            guard !part.isEmpty, printed.count < 1 << 16 else {
                _ = child.wait(while: { false }, grace: Self.grace)
                throw SystemError(.ended, "\(name) failed", cause: Self.lastLine(of: printed))
            }
            printed += part
        }
        self.child = child
        self.input = input
    }

    /// Lets the program go, and returns when it has ended; it is killed if it doesn't end by itself.
    package consuming func end() {
        let child = self.child
        Self.drop(self.input)
        let start = SuspendingClock.now
        _ = child.wait(while: { SuspendingClock.now - start < Self.grace }, grace: Self.grace)
    }

    private static func drop(_ file: consuming File) {}

    private static func lastLine(of bytes: [UInt8]) -> String? {
        String(decoding: bytes, as: UTF8.self).lines.last { !$0.trimmed.isEmpty }.map { String($0.trimmed) }
    }

    private static func start(_ command: [String]) throws(SystemError) -> daxswitch_held {
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var variables = unsafe ProgramRun.environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe variables.forEach { unsafe free($0) } }
        var started = daxswitch_held()
        // What stands in the buffers would be written twice.
        fflush(nil)
        guard unsafe daxswitch_start_held(&arguments, &variables, mark, &started) == 0 else {
            throw SystemError(.unavailable, "\(command[0]) can't be started", number: ErrorNumber(errno))
        }
        return started
    }
}

extension File {
    /// Whether there is something to read, or the end, within `limit`.
    fileprivate func isReadable(within limit: Duration) -> Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&watched, 1, max(limit.milliseconds, 1)) > 0
    }
}
