import Glibc
import LinuxSystem

/// systemd-logind's inhibitor lock, taken through systemd-inhibit(1).
///
/// systemd-inhibit takes the lock, starts `cat`, and gives the lock back when `cat` ends. `cat` ends when this process does,
/// however that ends: it reads a pipe from it. While a call into the kernel goes on in a child of this process, the pipe is
/// open there too.
package final class LogindInhibitor: Inhibitor {
    private let program: String
    private let copier: String
    private let deadline: Duration
    private var running: HeldProgram?

    /// What is taken by `program`, a systemd-inhibit, within `deadline`, and kept while `copier`, a cat(1), runs.
    package init(
        program: String = "/usr/bin/systemd-inhibit",
        copier: String = "/bin/cat",
        deadline: Duration = .seconds(5)
    ) {
        self.program = program
        self.copier = copier
        self.deadline = deadline
    }

    /// Takes the lock: `block` holds up what is asked for until the lock is given back.
    package func inhibit(because reason: String) throws(ReloadError) {
        guard File.exists(program) else { throw ReloadError(.unavailable, "\(program) is missing") }
        let command = [
            program, "--what=shutdown:sleep", "--mode=block", "--who=daxswitch", "--why=\(reason)", copier,
        ]
        do { running = try HeldProgram(command, within: deadline) } catch { throw ReloadError(error) }
    }

    /// Gives the lock back.
    package func allow() {
        running.take()?.end()
    }
}
