internal import CSystem
internal import Foundation

/// How a process ends that does `body` with no signal blocked: its exit code, 128 and more for a signal.
///
/// `body` is to do little. Other tests run in other threads, and what one of them has locked in the Swift runtime at the start stays
/// locked in the child for good: it is ended by SIGALRM after two minutes.
package func exitCode(_ body: () -> Int32) -> Int32 {
    let pid = daxswitch_start_child()
    if pid == 0 {
        alarm(120)
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigprocmask(SIG_SETMASK, &none, nil)
        _exit(body())
    }
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    // WIFSIGNALED and WEXITSTATUS are macros that Swift does not see.
    return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
}
