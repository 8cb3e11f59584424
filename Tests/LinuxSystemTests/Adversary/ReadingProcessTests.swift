import Glibc
import LinuxSystem
import Synchronization
import TestCaptures
import Testing

@Suite("A child process that reads for a run")
struct ReadingProcessTests {
    /// A process that answers with its number and the question, and hangs if that is "hang".
    private let process = ReadingProcess { note, question in
        note.during("/what/is/asked") {
            while question == Array("hang".utf8) { pause() }
            return Array("\(getpid()) \(String(decoding: question, as: UTF8.self))".utf8)
        }
    }

    private func ask(_ question: String) throws(SystemError) -> (pid: pid_t, question: String) {
        let words = String(decoding: try process.answer(to: Array(question.utf8)), as: UTF8.self).fields(2)
        return (words.first.flatMap { pid_t($0) } ?? 0, words.last.map(String.init) ?? "")
    }

    @Test("one child answers every question, with an answer of its own each")
    func answers() throws {
        let first = try ask("a longer question")
        let second = try ask("b")
        #expect(first.pid == second.pid && first.pid != getpid())
        #expect(first.question == "a longer question" && second.question == "b")
        let long = ReadingProcess { _, question in question + (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) } }
        #expect(try long.answer(to: [7]).count == 3_000_001)
        #expect(try long.answer(to: [8]).first == 8)
    }

    @Test("a child that was killed while it waited is replaced; the signals that end a run don't end it")
    func killed() throws {
        let first = try ask("a").pid
        for signal in [SIGINT, SIGTERM, SIGHUP] { kill(first, signal) }
        #expect(try ask("b").pid == first)
        kill(first, SIGKILL)
        let second = try ask("c")
        #expect(second.pid != first && second.question == "c")
        #expect(kill(first, 0) != 0 && errno == ESRCH)
    }

    @Test("a child that is killed while it reads is an error, not an answer; the next question gets another one")
    func killedReading() throws {
        let killing = ReadingProcess { _, question in
            if question == [1] { kill(getpid(), SIGKILL) }
            return question
        }
        let error = #expect(throws: SystemError.self) { try killing.answer(to: [1]) }
        #expect(error?.code == .ended)
        #expect(try killing.answer(to: [2]) == [2])
    }

    @Test("a file that does not answer is named, and the child given up; it kept no lock", .timeLimit(.minutes(1)))
    func hangs() throws {
        let code = exitCode {
            unsafe setenv("DAXSWITCH_TEST_PATIENCE", "300", 1)
            let directory = TestCaptures.newDirectory()
            do throws(SystemError) {
                let lock = try Lock("\(directory)/lock")
                let first = try ask("a").pid
                let open = try File("/proc/\(first)/fd", O_RDONLY | O_DIRECTORY).names()
                    .compactMap { File.linkTarget("/proc/\(first)/fd/\($0)") }
                if open.contains(where: { $0.hasPrefix(directory) }) { return 71 }
                withExtendedLifetime(lock) {}
                do throws(SystemError) {
                    _ = try ask("hang")
                    return 72
                } catch {
                    if error.code != .timedOut || !error.message.hasPrefix("/what/is/asked did not answer") {
                        return 73
                    }
                }
                return try ask("b").pid != first && kill(first, 0) != 0 ? 3 : 74
            } catch {
                return 75
            }
        }
        #expect(code == 3)
    }
}
