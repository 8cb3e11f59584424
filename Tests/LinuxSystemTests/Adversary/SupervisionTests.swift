import Glibc
import LinuxSystem
import TestCaptures
import Testing

/// Each in a process of its own, which is one that only reads.
@Suite("A process that goes on as its own child")
struct SupervisionTests {
    /// The exit code of a process that goes on in a child and does `body`; 70 if it is no child.
    private func exitCodeOfChild(_ body: () -> Int32) -> Int32 {
        exitCode {
            let first = getpid()
            Supervision.goOnInChild()
            return getpid() == first ? 70 : body()
        }
    }

    @Test("it ends as its child: by the same exit code, or by the same signal", arguments: [Int32(0), 4, 75])
    func ends(code: Int32) {
        #expect(exitCodeOfChild { code } == code)
        #expect(
            exitCodeOfChild {
                kill(getpid(), SIGTERM)
                return 0
            } == 128 + SIGTERM
        )
    }

    @Test("the child reads for itself, and has the files that were open")
    func reads() {
        let code = exitCode {
            guard let file = try? File("/proc/self/comm", O_RDONLY) else { return 71 }
            Supervision.goOnInChild()
            let own = getpid()
            var asked: Int32 = 0
            let bytes = try? WatchedReading().answer { note in
                note.during("/here") { asked = getpid() }
                return [7]
            }
            let isOpen = fcntl(file.descriptor, F_GETFD) >= 0
            return bytes == [7] && asked == own && isOpen ? 3 : 72
        }
        #expect(code == 3)
    }

    @Test("a file that does not answer: the first process goes on without it, and does not ask it again")
    func silent() {
        let code = exitCode {
            unsafe setenv("DAXSWITCH_TEST_PATIENCE", "300", 1)
            let first = getpid()
            Supervision.goOnInChild()
            if getpid() != first {
                _ = try? WatchedReading().answer { note in note.during("/etc/dead") { while true { pause() } } }
                return 71
            }
            let start = SuspendingClock.now
            do throws(SystemError) {
                _ = try WatchedReading(asksAgain: true).answer { note in
                    note.during("/etc/dead") { while true { pause() } }
                }
                return 72
            } catch {
                let isNamed = error.message.hasPrefix("/etc/dead did not answer within ")
                return error.code == .timedOut && isNamed && SuspendingClock.now - start < .milliseconds(290) ? 3 : 73
            }
        }
        #expect(code == 3)
    }
}
