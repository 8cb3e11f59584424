import Glibc
import LinuxSystem
import TestCaptures
import Testing

/// Each in a process of its own, which is one that only reads and prints.
@Suite("A process that goes on in a child")
struct SupervisionTests {
    /// The exit code of a process in whose child `body` runs and which makes it of the child's end; 70 without such an end.
    private func exitCodeOfParent(_ end: (Supervision.End) -> Int32, ofChild body: () -> Int32) -> Int32 {
        exitCode {
            let first = getpid()
            let found = Supervision.goOnInChild()
            if getpid() != first { return body() }
            return found.map(end) ?? 70
        }
    }

    @Test("its parent gets the exit code, and what it printed in its order", arguments: [Int32(0), 4, 75])
    func ends(code: Int32) {
        let long = [UInt8](repeating: 7, count: 300_000)
        let found = exitCodeOfParent { end in
            let isAll =
                end.printed.map(\.descriptor) == [1, 2, 1] && end.printed.map(\.bytes) == [[65], [66, 10], long]
            return isAll ? end.exitCode : 71
        } ofChild: {
            let isPrinted = Supervision.print([65], to: 1) && Supervision.print([66, 10], to: 2)
            return isPrinted && Supervision.print(long, to: 1) ? code : 72
        }
        #expect(found == code)
        #expect(!Supervision.print([65], to: 1))
    }

    @Test("a child that is killed leaves the work to its parent, and nothing of what it printed")
    func killed() {
        let found = exitCodeOfParent { _ in
            3
        } ofChild: {
            _ = Supervision.print([65], to: 1)
            kill(getpid(), SIGKILL)
            return 0
        }
        #expect(found == 70)
        // So ends one that could not do its work.
        #expect(
            exitCodeOfParent { _ in
                3
            } ofChild: {
                ECANCELED
            } == 70
        )
    }

    @Test("the child reads for itself, and has nothing open that its parent had")
    func reads() {
        let found = exitCode {
            let first = getpid()
            guard let file = try? File("/proc/self/comm", O_RDONLY) else { return 71 }
            if let end = Supervision.goOnInChild() { return end.exitCode }
            var asked: Int32 = 0
            let bytes = try? WatchedReading().answer { note in
                note.during("/here") { asked = getpid() }
                return [7]
            }
            let isClosed = fcntl(file.descriptor, F_GETFD) < 0
            let streams = (0...2).compactMap { File.linkTarget("/proc/self/fd/\($0)") }
            let isAlone = streams == ["/dev/null", "/dev/null", "/dev/null"]
            return bytes == [7] && asked == getpid() && asked != first && isClosed && isAlone ? 3 : 72
        }
        #expect(found == 3)
    }

    @Test("a file that does not answer: the first process goes on without it, and does not ask it again")
    func silent() {
        let found = exitCode {
            unsafe setenv("DAXSWITCH_TEST_PATIENCE", "300", 1)
            let first = getpid()
            if Supervision.goOnInChild() != nil { return 71 }
            if getpid() != first {
                _ = try? WatchedReading().answer { note in note.during("/etc/dead") { while true { pause() } } }
                return 72
            }
            do throws(SystemError) {
                // It would end otherwise if it were asked.
                _ = try WatchedReading(asksAgain: true).answer { note in
                    note.during("/etc/dead") { () -> [UInt8] in _exit(73) }
                }
                return 73
            } catch {
                let isNamed = error.message.hasPrefix("/etc/dead did not answer within ")
                return error.code == .timedOut && isNamed ? 3 : 74
            }
        }
        #expect(found == 3)
    }
}
