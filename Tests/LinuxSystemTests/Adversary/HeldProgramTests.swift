import Foundation
import LinuxSystem
import TestCaptures
import Testing

@Suite("Adversary, issue 10 number 14: a program that runs beside this process")
struct HeldProgramTests {
    private let folder = TestCaptures.newDirectory()
    private var note: String { "\(folder)/pids" }

    /// A program that notes its process id and that of another one that it starts, and then does `rest`.
    private func command(_ rest: String) -> [String] {
        ["/bin/sh", "-c", "sleep 1000 & echo $$ $! > '\(note).new'; mv '\(note).new' '\(note)'; \(rest)"]
    }

    private var processes: [pid_t] {
        ((try? String(contentsOfFile: note, encoding: .utf8)) ?? "").split(whereSeparator: \.isWhitespace)
            .compactMap { pid_t($0) }
    }

    /// Whether none of the processes is there within ten seconds.
    private func haveEnded(_ processes: [pid_t]) -> Bool {
        for _ in 0..<1000 {
            if processes.allSatisfy({ kill($0, 0) != 0 && errno == ESRCH }) { return true }
            usleep(10_000)
        }
        return false
    }

    @Test("it is at work when it has been started, and has ended when it has been let go")
    func held() throws {
        let program = try HeldProgram(["/bin/sh", "-c", "echo $$ > '\(note)'; cat"], within: .seconds(60))
        #expect(processes.count == 1 && processes.allSatisfy { kill($0, 0) == 0 })
        program.end()
        #expect(haveEnded(processes))
    }

    @Test("it has a clean environment, a process group of its own and / as its directory")
    func surroundings() throws {
        unsafe setenv("DAXSWITCH_TEST_LEAK", "1", 1)
        defer { unsafe unsetenv("DAXSWITCH_TEST_LEAK") }
        let script =
            "read -r _ _ _ _ group _ < /proc/$$/stat; { env | grep LEAK; echo $$ $group; pwd; } > '\(note)'; cat"
        try HeldProgram(["/bin/sh", "-c", script], within: .seconds(60)).end()
        let words = try String(contentsOfFile: note, encoding: .utf8).split(whereSeparator: \.isWhitespace)
        #expect(words.count == 3 && words[0] == words[1] && words[2] == "/")
    }

    @Test("it keeps nothing open: no lock outlives this process because of it")
    func files() throws {
        let lock = try Lock("\(folder)/lock")
        let program = try HeldProgram(["/bin/sh", "-c", "ls -l /proc/$$/fd > '\(note)'; cat"], within: .seconds(60))
        #expect(try !String(contentsOfFile: note, encoding: .utf8).contains("\(folder)/lock"))
        program.end()
        withExtendedLifetime(lock) {}
    }

    @Test("kill -9 of this process ends it")
    func killed() throws {
        let end = exitCode {
            guard let program = try? HeldProgram(["/bin/sh", "-c", "echo $$ > '\(note)'; cat"], within: .seconds(60))
            else {
                return 1
            }
            kill(getpid(), SIGKILL)
            program.end()
            return 2
        }
        #expect(end == 128 + SIGKILL)
        #expect(processes.count == 1 && haveEnded(processes))
    }

    @Test("Ctrl-C, a hang-up and a broken pipe that this process ignores don't end it", arguments: [SIGINT, SIGHUP])
    func signals(number: Int32) throws {
        let end = exitCode {
            signal(number, SIG_IGN)
            guard setpgid(0, 0) == 0,
                let program = try? HeldProgram(["/bin/sh", "-c", "echo $$ > '\(note)'; cat"], within: .seconds(60))
            else { return 1 }
            kill(0, number)
            usleep(100_000)
            let isThere = processes.allSatisfy { kill($0, 0) == 0 }
            program.end()
            return isThere ? 0 : 2
        }
        #expect(end == 0)
    }

    @Test("one that ends by itself is an error with the last line that it printed, standard error too")
    func failed() throws {
        for (script, cause) in [
            ("echo one; echo 'Failed: \u{1b}[1mno bus' >&2; exit 1", "Failed: \u{1b}[1mno bus"), ("", nil),
        ] {
            let error = #expect(throws: SystemError.self) {
                try HeldProgram(["/bin/sh", "-c", script], within: .seconds(60)).end()
            }
            #expect(error?.code == .ended && error?.cause == cause)
        }
    }

    @Test("one that is not there is named")
    func missing() throws {
        let error = #expect(throws: SystemError.self) { try HeldProgram(["/nowhere/none"], within: .seconds(60)).end() }
        #expect(error?.description == "/nowhere/none can't be started (No such file or directory)")
    }

    @Test("one that hangs is killed at its deadline, with all that it started")
    func hangs() throws {
        let error = #expect(throws: SystemError.self) {
            try HeldProgram(command("wait"), within: .seconds(2)).end()
        }
        #expect(error?.code == .timedOut)
        #expect(processes.count == 2 && haveEnded(processes))
    }

    @Test("one that prints without end is given up")
    func chatter() throws {
        let error = #expect(throws: SystemError.self) { try HeldProgram(["/usr/bin/yes"], within: .seconds(60)).end() }
        #expect(error?.code == .ended)
    }

    @Test("one that doesn't end when it is let go is killed, with all that it started")
    func stays() throws {
        let program = try HeldProgram(command("cat; wait"), within: .seconds(60))
        program.end()
        #expect(processes.count == 2 && haveEnded(processes))
    }
}
