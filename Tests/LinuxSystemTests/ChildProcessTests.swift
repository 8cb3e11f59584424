import CSystem
import Foundation
import LinuxSystem
import TestCaptures
import Testing

@Suite("Child processes, whatever the process was started with")
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
                return try WatchedCall().answer("remove a module") { [7] } == [7] ? 0 : 2
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

    @Test("the answer of a child that has ended is given back; one that died has none")
    func answer() throws {
        #expect(try WatchedCall().answer("ask") { [1, 2, 3] } == [1, 2, 3])
        let bytes = [UInt8](repeating: 7, count: 64 << 10)
        #expect(try WatchedCall().answer("ask") { bytes } == bytes)
        let error = #expect(throws: SystemError.self) {
            try WatchedCall().answer("ask") {
                raise(SIGKILL)
                return []
            }
        }
        #expect(error?.code == .ended && error?.cause == "status 9")
    }
}
