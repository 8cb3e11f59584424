import CSystem
import Foundation
import Glibc
import Inspection
import Ownership
import TestCaptures
import Testing

@testable import Reload

@Suite("Child processes and signals, whatever the process was started with")
struct ChildProcessTests {
    @Test("a signal that comes while a killed child is about to go is not taken for a hang")
    func signalInGrace() throws {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { _ in }
        unsafe sigaction(SIGUSR2, &action, nil)
        // The threads on which tests run block signals; the tool's own does not.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGUSR2)
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        let pid = daxswitch_start_child()
        if pid == 0 { while true { pause() } }
        let waiting = pthread_self()
        let child = try ChildProcess(pid) { pid in
            Thread {
                usleep(50_000)
                pthread_kill(waiting, SIGUSR2)
                usleep(200_000)
                kill(pid, SIGKILL)
            }.start()
        }
        #expect(child.wait(while: { false }, grace: .seconds(5)) == .brokenOff)
    }

    @Test("a parent that ignores SIGCHLD: a step that was done counts as done")
    func ignoredChildren() {
        let status = exitCode {
            signal(SIGCHLD, SIG_IGN)
            daxswitch_prepare_signals()
            do {
                try WatchedCall().run("remove cxl_acpi") {}
                return 0
            } catch {
                return 1
            }
        }
        #expect(status == 0)
    }

    @Test("what can't be watched is ended and waited for before that is said")
    func unwatched() {
        let status = exitCode {
            let pid = daxswitch_start_child()
            if pid == 0 { while true { pause() } }
            var limit = rlimit(rlim_cur: 0, rlim_max: 0)
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            do {
                _ = try ChildProcess(pid)
                return 1
            } catch {
                return waitpid(pid, nil, WNOHANG) == -1 && errno == ECHILD ? 0 : 2
            }
        }
        #expect(status == 0)
    }

    @Test("under nohup SIGHUP stays ignored; SIGTERM counts all the same")
    func nohup() {
        let status = exitCode {
            signal(SIGHUP, SIG_IGN)
            let interrupts = SignalInterrupts()
            raise(SIGHUP)
            guard interrupts.pending == nil else { return 1 }
            raise(SIGTERM)
            return interrupts.pending == "SIGTERM" ? 0 : 2
        }
        #expect(status == 0)
    }

    @Test(
        "a second SIGINT ends with what is so by then: as it was 1, half-way 5, done 0",
        arguments: [([], 1), ([.halfWay], 5), ([.halfWay, .unchanged], 1), ([.halfWay, .done], 0)]
            as [([RunStanding], Int32)]
    )
    func stopped(standings: [RunStanding], code: Int32) {
        let status = exitCode {
            let interrupts = SignalInterrupts()
            for standing in standings { interrupts.note(standing) }
            for _ in 1...2 { raise(SIGINT) }
            return 7
        }
        #expect(status == code)
    }

    /// How a process ends that does `body` with no signal blocked.
    private func exitCode(_ body: () -> Int32) -> Int32 {
        let pid = daxswitch_start_child()
        if pid == 0 {
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
}
