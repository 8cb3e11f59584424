import Foundation
import LinuxSystem
import Machine
import Ownership
import Synchronization
import TestCaptures
import Testing

@testable import Reload

@Suite("Adversary, issue 10 number 14: suspend and shutdown during a run")
struct InhibitorTests {
    private let root = TestCaptures.newDirectory()

    /// What a run reports.
    private final class Reports: Sendable {
        private let all = Mutex<[Reload.Progress]>([])
        var seen: [Reload.Progress] { all.withLock { $0 } }
        func take(_ progress: Reload.Progress) { all.withLock { $0.append(progress) } }
    }

    private func run(_ kernel: RecordedKernel, reports: Reports = Reports()) throws -> Outcome {
        let policy = ExecutorTests().hmem
        return Executor(kernel.surfaces(StateDirectory(root: root))) { reports.take($0) }
            .run(try Planner(machine: kernel.state).plan(policy), accepting: [])
    }

    @Test("are kept away before the first step and allowed after the last")
    func whole() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let reports = Reports()
        guard case .done = try run(kernel, reports: reports) else {
            Issue.record("not done")
            return
        }
        #expect(kernel.inhibitions == ["inhibited 0", "allowed \(kernel.steps.count)"])
        #expect(kernel.steps.count == 5)
        for event in reports.seen { if case .notInhibited = event { Issue.record("not kept away") } }
    }

    @Test("are allowed after a failure, once what was done is undone")
    func failure() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "no")
        guard case .rolledBack = try run(kernel) else {
            Issue.record("not rolled back")
            return
        }
        #expect(kernel.inhibitions == ["inhibited 0", "allowed \(kernel.steps.count)"])
        #expect(kernel.steps.count > 3)
    }

    @Test("are allowed after a run that stopped half-way: the host may have to be rebooted")
    func stopped() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.lines[.unload("dax_hmem")] = ["WARNING: CPU: 0 PID: 1 at drivers/dax/bus.c"]
        guard case .stopped = try run(kernel) else {
            Issue.record("not stopped")
            return
        }
        #expect(kernel.inhibitions == ["inhibited 0", "allowed 2"])
    }

    @Test("are allowed after a signal, once what was done is undone")
    func signal() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.signals[.unload("dax_hmem")] = "SIGTERM"
        guard case .rolledBack = try run(kernel) else {
            Issue.record("not rolled back")
            return
        }
        #expect(kernel.inhibitions == ["inhibited 0", "allowed \(kernel.steps.count)"])
        #expect(kernel.steps.count > 2)
    }

    @Test("are not touched by a run that doesn't begin")
    func refused() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let plan = try Planner(machine: kernel.state).plan(ExecutorTests().hmem)
        kernel.onRead = { (_, _) throws(ReloadError) in throw ReloadError(.busy, "the machine changes all the while") }
        let executor = Executor(kernel.surfaces(StateDirectory(root: root)))
        guard case .unchanged = executor.run(plan, accepting: []) else {
            Issue.record("begun")
            return
        }
        #expect(kernel.inhibitions == [])
    }

    @Test("are kept away while a run that was interrupted is finished or undone", arguments: [true, false])
    func recovery(isFinished: Bool) throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let state = StateDirectory(root: root)
        let plan = try Planner(machine: kernel.state).plan(ExecutorTests().hmem)
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "no")
        _ = Executor(kernel.surfaces(state)).run(plan, accepting: [], mayRollBack: false)
        if isFinished { kernel.failures = [:] }
        let before = kernel.steps.count
        let found = try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID)
        let unfinished = try #require(found)
        let recovery = try Planner(machine: kernel.state, overrides: unfinished.overrides)
            .recovery(of: unfinished.interruption)
        _ = Executor(kernel.surfaces(state)).recover(unfinished, by: recovery)
        #expect(kernel.inhibitions.suffix(2) == ["inhibited \(before)", "allowed \(kernel.steps.count)"])
        #expect(kernel.steps.count > before)
    }

    @Test("that can't be kept away stop no run; it is said once, with why")
    func notInhibited() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.notInhibited = ReloadError(.unavailable, "there is no logind")
        let reports = Reports()
        guard case .done = try run(kernel, reports: reports) else {
            Issue.record("not done")
            return
        }
        #expect(reports.seen.filter { $0 == .notInhibited("there is no logind") }.count == 1)
        #expect(reports.seen.first == .notInhibited("there is no logind"))
    }

    /// Stands for systemd-inhibit: notes how it is called, and does `rest`.
    private func program(_ rest: String) throws -> String {
        let path = "\(root)/systemd-inhibit"
        let text = "#!/bin/sh\nprintf '%s\\n' \"$@\" > '\(root)/called'\n\(rest)\n"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    @Test("systemd-inhibit is asked for both, and has ended afterwards")
    func asked() throws {
        // As the real one: what it is to run is its last argument, and it gives the lock back when that has ended.
        let program = try program(
            "touch '\(root)/taken'; while [ $# -gt 1 ]; do shift; done; \"$1\"; rm '\(root)/taken'"
        )
        let inhibitor = LogindInhibitor(program: program, deadline: .seconds(60))
        try inhibitor.inhibit(because: "for a test")
        #expect(FileManager.default.fileExists(atPath: "\(root)/taken"))
        let called = try String(contentsOfFile: "\(root)/called", encoding: .utf8)
        #expect(
            called == "--what=shutdown:sleep\n--mode=block\n--who=daxswitch\n--why=for a test\n/bin/cat\n"
        )
        inhibitor.allow()
        #expect(!FileManager.default.fileExists(atPath: "\(root)/taken"))
        inhibitor.allow()
    }

    @Test(
        "a systemd-inhibit that fails, ends at once, hangs or is not there",
        arguments: [
            ("echo 'Failed to inhibit: Access denied' >&2; exit 1", "failed (Failed to inhibit: Access denied)"),
            ("exit 0", "failed"), ("sleep 1000", "did not answer within 1 s and was stopped"), (nil, "is missing"),
        ] as [(String?, String)]
    )
    func faulty(script: String?, words: String) throws {
        let program = try script.map(program) ?? "\(root)/none"
        let limit = script == "sleep 1000" ? Duration.seconds(1) : .seconds(60)
        let inhibitor = LogindInhibitor(program: program, deadline: limit)
        let error = #expect(throws: ReloadError.self) { try inhibitor.inhibit(because: "for a test") }
        #expect(error?.description == "\(program) \(words)")
        inhibitor.allow()
    }
}
