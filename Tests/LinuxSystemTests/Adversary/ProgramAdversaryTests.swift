import Foundation
import LinuxSystem
import TestCaptures
import Testing

@Suite("Adversary, issue 10 number 11: programs that root runs")
struct ProgramAdversaryTests {
    private let folder = TestCaptures.newDirectory()
    private var note: String { "\(folder)/pids" }

    /// A program that starts another one, notes both process ids and works on.
    private var command: [String] {
        ["/bin/sh", "-c", "sleep 1000 & echo $$ $! > '\(note).new'; mv '\(note).new' '\(note)'; wait"]
    }

    private func processes() throws -> [pid_t] {
        try String(contentsOfFile: note, encoding: .utf8).split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) }
    }

    /// Whether none of the processes is there within ten seconds.
    private func haveEnded(_ processes: [pid_t]) -> Bool {
        for _ in 0..<1000 {
            if processes.allSatisfy({ kill($0, 0) != 0 && errno == ESRCH }) { return true }
            usleep(10_000)
        }
        return false
    }

    @Test("it gets no variable of ours: no LD_PRELOAD, no TMPDIR, no option of a builder")
    func environment() throws {
        unsafe setenv("DAXSWITCH_TEST_LEAK", "1", 1)
        defer { unsafe unsetenv("DAXSWITCH_TEST_LEAK") }
        #expect(try ProgramRun.status(of: ["/bin/sh", "-c", "exit ${DAXSWITCH_TEST_LEAK-0}"]) == 0)
        let output = try #require(try ProgramRun.output(of: ["/usr/bin/env"]))
        let names = String(decoding: output, as: UTF8.self).split(separator: "\n").map { $0.prefix { $0 != "=" } }
        #expect(names.sorted() == ["LANG", "PATH"])
    }

    @Test("it has a process group of its own, and / as its directory")
    func group() throws {
        let script = "read -r _ _ _ _ group _ < /proc/$$/stat; echo $$ $group; pwd"
        let output = try #require(try ProgramRun.output(of: ["/bin/sh", "-c", script]))
        let words = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        #expect(words.count == 3 && words[0] == words[1] && words[2] == "/")
    }

    @Test("one that does not end is stopped at its deadline, with all that it started")
    func deadline() throws {
        let error = #expect(throws: SystemError.self) {
            try ProgramRun.status(of: command, within: .seconds(2))
        }
        #expect(error?.code == .timedOut)
        #expect(haveEnded(try processes()))
    }

    @Test("one that is not to go on is stopped at once, with all that it started")
    func interruption() throws {
        let error = #expect(throws: SystemError.self) {
            try ProgramRun.status(of: command) { !FileManager.default.fileExists(atPath: note) }
        }
        #expect(error?.code == .ended)
        #expect(haveEnded(try processes()))
    }

    @Test("kill -9 of the tool ends it and all that it started, and nobody has the lock before that")
    func killed() throws {
        let lock = "\(folder)/lock"
        let end = exitCode {
            guard let taken = try? Lock(lock) else { return 1 }
            _ = try? ProgramRun.status(of: command) {
                if FileManager.default.fileExists(atPath: note) { kill(getpid(), SIGKILL) }
                return true
            }
            withExtendedLifetime(taken) {}
            return 2
        }
        #expect(end == 128 + SIGKILL)
        let processes = try processes()
        let next = try Lock(lock, waitingUpTo: .seconds(10))
        #expect(processes.count == 2 && processes.allSatisfy { kill($0, 0) != 0 && errno == ESRCH })
        withExtendedLifetime(next) {}
    }
}
