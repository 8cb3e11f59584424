import Glibc
import LinuxSystem
import Testing

@Suite("Programs of the system")
struct ProgramRunTests {
    @Test("a program that can't be started is named; a signal counts as in a shell")
    func programs() throws {
        let error = #expect(throws: SystemError.self) { try ProgramRun.status(of: ["/nowhere/none"]) }
        #expect(error?.description == "/nowhere/none can't be started (No such file or directory)")
        #expect(try ProgramRun.status(of: ["/bin/sh", "-c", "exit 7"]) == 7)
        #expect(try ProgramRun.status(of: ["/bin/sh", "-c", "kill -9 $$"]) == 137)
    }

    @Test(
        "the signals that daxswitch ignores end a program of the system as anywhere else",
        arguments: [SIGPIPE, SIGXFSZ]
    )
    func signals(number: Int32) throws {
        let before = signal(number, SIG_IGN)
        defer { signal(number, before) }
        let status = try ProgramRun.status(of: ["/bin/sh", "-c", "kill -\(number) $$"])
        #expect(status == 128 + number)
    }
}
