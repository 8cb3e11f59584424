import Glibc
import LinuxSystem
import Synchronization
import TestCaptures
import Testing

@Suite("6: a reading in which a file does not answer")
struct WatchedReadingTests {
    @Test("the answer of the child comes back, however long it is")
    func answers() throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try WatchedReading().answer { note in note.during("/a") { bytes } } == bytes)
    }

    @Test("a file that does not answer is named, and what was asked before it is not")
    func silent() {
        let reading = WatchedReading(patience: .seconds(1))
        let error = #expect(throws: SystemError.self) {
            try reading.answer { note in
                note.during("/proc/1/a/longer/path") {}
                note.during("/etc/dead") { while true { pause() } }
                return []
            }
        }
        #expect(error?.code == .timedOut && error?.message == "/etc/dead did not answer within 1 s")
    }

    @Test("a file that did not answer is not waited for a second time; others are asked")
    func silentBefore() throws {
        let reading = WatchedReading(patience: .milliseconds(500))
        func ask() throws { _ = try reading.answer { note in note.during("/etc/silent") { while true { pause() } } } }
        let first = #expect(throws: SystemError.self) { try ask() }
        let start = SuspendingClock.now
        let second = #expect(throws: SystemError.self) { try ask() }
        #expect(SuspendingClock.now - start < .milliseconds(450))
        #expect(first?.code == .timedOut && second?.code == .timedOut && second?.message == first?.message)
        #expect(try reading.answer { note in note.during("/etc/other") { [5] } } == [5])
        #expect(try WatchedReading(asksAgain: true).answer { note in note.during("/etc/silent") { [6] } } == [6])
    }

    @Test("a reading that goes on may take longer than one file") func slow() throws {
        let answer = try WatchedReading(patience: .seconds(1)).answer { note in
            for number in 0..<6 { note.during("/\(number)") { _ = usleep(300_000) } }
            return [7]
        }
        #expect(answer == [7])
    }

    @Test("a child that can't be killed is left behind, without the lock that its parent has")
    func leftBehind() throws {
        let directory = TestCaptures.newDirectory()
        let child = Mutex<pid_t>(0)
        func hang() throws {
            let lock = try Lock("\(directory)/lock")
            let reading = WatchedReading(patience: .zero, grace: .milliseconds(10)) { pid in child.withLock { $0 = pid }
            }
            let error = #expect(throws: SystemError.self) {
                try reading.answer { note in note.during("/dead") { while true { pause() } } }
            }
            #expect(error?.code == .hung)
            withExtendedLifetime(lock) {}
        }
        try hang()
        let pid = child.withLock { $0 }
        defer {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        #expect(kill(pid, 0) == 0)
        let open = try openFiles(of: pid)
        #expect(open.allSatisfy { !$0.hasPrefix(directory) })
    }

    private func openFiles(of pid: pid_t) throws -> [String] {
        try File("/proc/\(pid)/fd", O_RDONLY | O_DIRECTORY).names()
            .compactMap { File.linkTarget("/proc/\(pid)/fd/\($0)") }
    }
}
