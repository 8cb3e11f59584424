private import CSystem
internal import Glibc

/// One run of a program of the system, without a shell.
///
/// It has a process group of its own, no variables of this process's environment, and a deadline. It ends with this
/// process, however that ends; until it has ended, a guard keeps what is open here, so also a lock.
package enum ProgramRun {
    /// All that a program finds in its environment: what stands in ours (LD_PRELOAD, TMPDIR, DRACUT_...) is not for root's work.
    static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"]

    /// How long a group of processes that was killed may take to end.
    private static let grace = Duration.seconds(20)

    /// The exit status of `command`, 128 and more for a signal as in a shell; what it prints goes to standard error.
    ///
    /// - Parameters:
    ///   - command: The program's path, and its arguments.
    ///   - deadline: How long it may take.
    ///   - goesOn: Asked ten times a second; if it is false, the program and all that it started are killed.
    /// - Throws: `SystemError` if it can't be started; `.timedOut` if it took too long, `.ended` if it was not to go on,
    ///   `.hung` if it was killed and doesn't end.
    package static func status(
        of command: [String],
        within deadline: Duration = .seconds(120),
        while goesOn: () -> Bool = { true }
    ) throws(SystemError) -> Int32 {
        try run(command, output: STDERR_FILENO, within: deadline, while: goesOn)
    }

    /// What `command` prints on standard output; nil if its exit status is not 0.
    ///
    /// - Throws: as `status(of:within:while:)` does.
    package static func output(
        of command: [String],
        within deadline: Duration = .seconds(120),
        while goesOn: () -> Bool = { true }
    ) throws(SystemError) -> [UInt8]? {
        let descriptor = unsafe daxswitch_open_memory("output")
        guard descriptor >= 0 else { throw .failing("keep the output of \(command[0])") }
        let file = File(owning: descriptor, path: "the output of \(command[0])")
        guard try run(command, output: descriptor, within: deadline, while: goesOn) == 0 else { return nil }
        if lseek(descriptor, 0, SEEK_SET) < 0 { throw .failing("read \(file.path)") }
        return try file.readAll(upTo: 64 << 20)
    }

    private static func run(
        _ command: [String],
        output: Int32,
        within deadline: Duration,
        while goesOn: () -> Bool
    ) throws(SystemError) -> Int32 {
        let name = command[0]
        let (guardian, control) = try start(command, input: -1, output: output)
        // Shut down only once the guard's end was waited for, or its death.
        let socket = File(owning: control, path: "the guard of \(name)")
        let child = try ChildProcess(guardian) { _ in _ = shutdown(control, Int32(SHUT_RDWR)) }
        let start = SuspendingClock.now
        var isLate = false
        let end = child.wait(
            while: {
                isLate = SuspendingClock.now - start >= deadline
                return !isLate && goesOn()
            },
            grace: grace
        )
        withExtendedLifetime(socket) {}
        switch end {
        case .ended(let status): return exitStatus(of: status)
        case .brokenOff where isLate:
            throw SystemError(
                .timedOut,
                "\(name) did not finish within \(deadline.components.seconds) s and was stopped"
            )
        case .brokenOff: throw SystemError(.ended, "\(name) was stopped")
        case .hangs:
            throw SystemError(.hung, "\(name) was stopped but does not end (process \(guardian) waits for it)")
        }
    }

    /// Starts `command` below a guard: the process to wait for, and the socket that keeps the program alive. A negative
    /// `input` is an empty one.
    ///
    /// - Throws: `SystemError` with the errno.
    static func start(
        _ command: [String],
        input: Int32,
        output: Int32
    ) throws(SystemError) -> (guardian: Int32, control: Int32) {
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe variables.forEach { unsafe free($0) } }
        var started = daxswitch_program()
        // What stands in the buffers would be written twice.
        fflush(nil)
        guard unsafe daxswitch_start_program(&arguments, &variables, input, output, &started) == 0 else {
            throw SystemError(.unavailable, "\(command[0]) can't be started", number: ErrorNumber(errno))
        }
        return (started.guard_process, started.control)
    }

    /// The exit status in what waitpid(2) gives, 128 and more for a signal as in a shell.
    package static func exitStatus(of status: Int32) -> Int32 {
        // WIFEXITED and WEXITSTATUS are macros that Swift does not see.
        status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}
