import Glibc
import LinuxSystem
import Synchronization
import TestCaptures
import Testing

@Suite("A child process that reads for a run")
struct ReadingProcessTests {
    /// A process that answers with its number and the question; it hangs if that is "hang", and is stopped if it is "stop".
    private let process = ReadingProcess { note, question, send in
        if question == Array("stop".utf8) { kill(getpid(), SIGSTOP) }
        note.during("/what/is/asked") {
            while question == Array("hang".utf8) { pause() }
            send(Array("\(getpid()) \(String(decoding: question, as: UTF8.self))".utf8))
        }
    }

    /// The whole answer of `process`.
    private func answer(of process: ReadingProcess, to question: [UInt8]) throws(SystemError) -> [UInt8] {
        let answer = try process.ask(question)
        var bytes: [UInt8] = []
        while let part = try answer() { bytes += part }
        return bytes
    }

    private func ask(_ question: String) throws(SystemError) -> (pid: pid_t, question: String) {
        let words = String(decoding: try answer(of: process, to: Array(question.utf8)), as: UTF8.self).fields(2)
        return (words.first.flatMap { pid_t($0) } ?? 0, words.last.map(String.init) ?? "")
    }

    @Test("one child answers every question, with an answer of its own each; restart() gives another child")
    func answers() throws {
        let first = try ask("a longer question")
        let second = try ask("b")
        #expect(first.pid == second.pid && first.pid != getpid())
        #expect(first.question == "a longer question" && second.question == "b")
        process.restart()
        #expect(try ask("c").pid != first.pid)
        let long = ReadingProcess { _, question, send in
            send(question)
            send((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) })
        }
        #expect(try answer(of: long, to: [7]).count == 3_000_001)
        #expect(try answer(of: long, to: [8]).first == 8)
    }

    @Test("an answer begins before the child has all of it; one that is not read to its end is not mixed with the next")
    func parts() throws {
        let slow = ReadingProcess { _, question, send in
            send(question)
            for number in 0..<50 { send([UInt8](repeating: UInt8(number), count: 4096)) }
        }
        let first = try slow.ask([7])
        #expect(try first() == [7])
        let second = try slow.ask([8])
        #expect(try second() == [8])
        #expect(try second() == [UInt8](repeating: 0, count: 4096))
        #expect(try answer(of: slow, to: [9]).count == 1 + 50 * 4096)
        #expect(try first() == nil && second() == nil)
    }

    @Test("an empty answer is one") func empty() throws {
        let silent = ReadingProcess { _, _, _ in }
        #expect(try answer(of: silent, to: [1]) == [] && answer(of: silent, to: [2]) == [])
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
        let killing = ReadingProcess { _, question, send in
            send(question)
            if question == [1] { kill(getpid(), SIGKILL) }
        }
        let error = #expect(throws: SystemError.self) { try answer(of: killing, to: [1]) }
        #expect(error?.code == .ended)
        #expect(try answer(of: killing, to: [2]) == [2])
        // Before anything of its answer came, and without waiting for it again.
        let silent = ReadingProcess { _, question, _ in if question == [1] { kill(getpid(), SIGKILL) } }
        #expect(throws: SystemError.self) { try silent.ask([1]) }
        #expect(try answer(of: silent, to: [2]) == [])
    }

    @Test(
        "a file that does not answer is named, and the child given up, as one that is stopped; it kept no lock",
        .timeLimit(.minutes(1))
    )
    func hangs() throws {
        let directory = TestCaptures.newDirectory()
        let code = exitCode {
            unsafe setenv("DAXSWITCH_TEST_PATIENCE", "400", 1)
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
                if try ask("b").pid == first || kill(first, 0) == 0 { return 74 }
                do throws(SystemError) {
                    _ = try ask("stop")
                    return 76
                } catch {
                    if error.code != .ended || !error.message.hasSuffix(" did not go on") { return 77 }
                }
                return try ask("c").question == "c" ? 3 : 78
            } catch {
                return 75
            }
        }
        #expect(code == 3)
    }
}
