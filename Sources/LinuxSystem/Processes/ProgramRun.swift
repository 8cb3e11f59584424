import Glibc

/// One run of a program of the system, without a shell.
package enum ProgramRun {
    /// The exit status of `command`, 128 and more for a signal as in a shell; what it prints goes to standard error.
    ///
    /// - Parameter command: the program's path, and its arguments.
    /// - Throws: `SystemError` if it can't be started.
    package static func status(of command: [String]) throws(SystemError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // What daxswitch ignores for its own writes a program of the system is not made for.
        var signals = sigset_t()
        var blocked = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe pthread_sigmask(SIG_BLOCK, nil, &blocked)
        for signal in [SIGPIPE, SIGXFSZ] {
            unsafe sigaddset(&signals, signal)
            unsafe sigdelset(&blocked, signal)
        }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &blocked)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var child: pid_t = 0
        let failure = unsafe posix_spawn(&child, command[0], &actions, &attributes, &arguments, environ)
        guard failure == 0 else {
            throw SystemError(.unavailable, "\(command[0]) can't be started", number: ErrorNumber(failure))
        }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw .failing("wait for \(command[0])") }
        }
        return exitStatus(of: status)
    }
    /// The exit status in what waitpid(2) gives, 128 and more for a signal as in a shell.
    package static func exitStatus(of status: Int32) -> Int32 {
        // WIFEXITED and WEXITSTATUS are macros that Swift does not see.
        status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}
