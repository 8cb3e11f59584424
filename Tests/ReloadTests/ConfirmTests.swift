import Foundation
import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Reload

@Suite("A run that waits for confirmation")
struct ConfirmTests {
    private let state = StateDirectory(root: TestCaptures.newDirectory())
    private let limit = Duration.seconds(300)

    private func run(_ kernel: RecordedKernel, _ policy: Policy = ExecutorTests().hmem) throws -> Outcome {
        let plan = try Planner(machine: kernel.state).plan(policy)
        return Executor(kernel.surfaces(state)).run(plan, accepting: [], confirmedWithin: limit)
    }

    /// 7.3.4, after a run to hmem that waits.
    private func waiting() throws -> (kernel: RecordedKernel, run: AwaitedConfirmation) {
        let kernel = try RecordedKernel.lockedSwitch()
        guard case .awaiting(let machine, let run) = try run(kernel) else { throw Missing() }
        #expect(ownedRanges(of: machine).map(\.owner) == [.hmem])
        return (kernel, run)
    }

    private struct Missing: Error {}

    private func last(_ kernel: RecordedKernel) throws -> LastRun {
        try LastRun(JournalFile(state), bootID: kernel.state.kernel.bootID)
    }

    private func end(_ kernel: RecordedKernel) throws -> JournalEnd? {
        try JournalEnd.find(JournalFile(state), bootID: kernel.state.kernel.bootID)
    }

    private func expire(_ kernel: RecordedKernel, _ run: String) throws -> Expiry {
        try Executor(kernel.surfaces(state)).expire(run)
    }

    /// Takes the last line of the journal away, as if the process had been killed before it was written.
    private func cutLastLine() throws {
        let lines = try String(contentsOfFile: state.journal, encoding: .utf8).split(separator: "\n").dropLast()
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: state.journal))
    }

    @Test("the timer is set before the first step; after the last one the whole time is left")
    func waits() throws {
        let (kernel, run) = try waiting()
        #expect(kernel.steps == ExecutorTests().hmem.order)
        #expect(kernel.timers == [run.confirmation] && kernel.armedAfter == [0])
        #expect(run.confirmation.seconds == 300 && run.policy == "hmem")
        #expect(run.timeLeft(at: kernel.now) == limit && run.timeLeft(at: kernel.now + limit) == .zero)
        #expect(kernel.noted.last == .done)
        guard case .awaiting(_, let found) = try last(kernel) else {
            Issue.record("not waiting")
            return
        }
        #expect(found == run)
    }

    @Test("confirmed in time: the run stays, and the timer that comes later finds nothing to do")
    func confirmed() throws {
        let (kernel, run) = try waiting()
        try Executor(kernel.surfaces(state)).confirm(run)
        #expect(try end(kernel) == .confirmed && kernel.timers.isEmpty)
        #expect(try last(kernel) == .settled)
        kernel.pass(limit)
        guard case .settled = try expire(kernel, run.confirmation.run) else {
            Issue.record("rolled back")
            return
        }
        #expect(ownedRanges(of: kernel.state).map(\.owner) == [.hmem])
    }

    @Test("the timer comes early, since the steps took time as well: it waits for the rest")
    func early() throws {
        let (kernel, run) = try waiting()
        kernel.pass(limit - .seconds(2))
        guard case .notYet(let left) = try expire(kernel, run.confirmation.run) else {
            Issue.record("rolled back early")
            return
        }
        #expect(left == .seconds(2))
        guard case .awaiting = try last(kernel) else {
            Issue.record("no longer waiting")
            return
        }
    }

    @Test("nobody confirms it: rolled back to the owners before, without the hold")
    func expired() throws {
        let (kernel, run) = try waiting()
        kernel.pass(limit)
        guard case .ended(.undone(let machine, nil), "hmem", let steps) = try expire(kernel, run.confirmation.run)
        else {
            Issue.record("not rolled back")
            return
        }
        #expect(ownedRanges(of: machine).map(\.owner) == [.cxl] && !machine.isHeld)
        #expect(!steps.isEmpty)
        #expect(try end(kernel) == .unconfirmed)
        #expect(try last(kernel) == .settled)
    }

    @Test("killed within a step: the timer rolls back what was done")
    func killed() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[.load("dax_hmem")] = ReloadError(.stepFailed, "no")
        let plan = try Planner(machine: kernel.state).plan(ExecutorTests().hmem)
        let executor = Executor(kernel.surfaces(state))
        _ = executor.run(plan, accepting: [], mayRollBack: false, confirmedWithin: limit)
        try cutLastLine()
        kernel.failures = [:]
        let timer = try #require(kernel.timers.first)
        guard case .ended(.undone(let machine, nil), _, _) = try expire(kernel, timer.run) else {
            Issue.record("not rolled back")
            return
        }
        #expect(ownedRanges(of: machine).map(\.owner) == [.cxl] && !machine.isHeld)
        #expect(try end(kernel) == .unconfirmed)
    }

    @Test("killed before the journal was opened: the timer finds nothing of its run")
    func killedEarly() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let timer = TimedConfirmation(within: limit, now: kernel.now)
        guard case .settled = try expire(kernel, timer.run) else {
            Issue.record("did something")
            return
        }
        #expect(kernel.steps.isEmpty)
    }

    @Test("a timer of another run leaves this one alone, also if it was cut off")
    func otherTimer() throws {
        let (kernel, _) = try waiting()
        kernel.pass(limit * 2)
        guard case .settled = try expire(kernel, "another") else {
            Issue.record("rolled back")
            return
        }
        guard case .awaiting = try last(kernel) else {
            Issue.record("no longer waiting")
            return
        }
    }

    @Test("while it waits no other run begins")
    func second() throws {
        let (kernel, _) = try waiting()
        let steps = kernel.steps
        guard case .unchanged(let error) = try run(kernel, ExecutorTests().hmem) else {
            Issue.record("begun")
            return
        }
        #expect(error.code == .awaitingConfirmation && error.message.contains("daxswitch confirm"))
        #expect(kernel.steps == steps)
    }

    @Test("no timer can be set: nothing is changed, and no journal is left")
    func noTimer() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.timerFailure = ReloadError(.noTimer, "systemd is not running")
        guard case .unchanged(let error) = try run(kernel) else {
            Issue.record("changed")
            return
        }
        #expect(error.code == .noTimer)
        #expect(kernel.steps.isEmpty && kernel.timers.isEmpty)
        #expect(try JournalFile(state).readAll() == nil)
    }

    @Test("no way back is certain, since the region would be lost: nothing is begun, and why is told")
    func noWayBack() throws {
        var policy = ExecutorTests().hmem
        policy.order = [.unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi")]
        policy.want = .init()
        policy.consent.loseRegions = true
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.reinterpret { $0.regions[0].locked = false }
        let plan = try Planner(machine: kernel.state).plan(policy)
        let outcome = Executor(kernel.surfaces(state)).run(
            plan,
            accepting: [.orphanedRange],
            confirmedWithin: limit
        )
        guard case .unchanged(let error) = outcome else {
            Issue.record("begun: \(outcome)")
            return
        }
        #expect(error.code == .noWayBack && error.message.contains("0x5d0000000"), "\(error)")
        #expect(kernel.steps.isEmpty && kernel.timers.isEmpty)
    }

    @Test("a step fails: rolled back at once, and the timer is stopped")
    func failed() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "no")
        guard case .rolledBack = try run(kernel) else {
            Issue.record("not rolled back")
            return
        }
        #expect(kernel.timers.isEmpty)
        #expect(try end(kernel) == .rolledBack)
    }

    @Test("recover --undo rolls it back at once, and the timer is stopped")
    func undone() throws {
        let (kernel, _) = try waiting()
        guard case .awaiting(let run, _) = try last(kernel) else {
            Issue.record("not waiting")
            return
        }
        let planner = try Planner(machine: kernel.state, overrides: run.overrides)
        let recovery = planner.recovery(of: run.interruption, undoing: true)
        guard case .undone(let machine, nil) = Executor(kernel.surfaces(state)).recover(run, by: recovery) else {
            Issue.record("not undone")
            return
        }
        #expect(ownedRanges(of: machine).map(\.owner) == [.cxl])
        #expect(try end(kernel) == .rolledBack && kernel.timers.isEmpty)
    }

    @Test("the way back fails: the journal stays, and it is no longer waiting but half done")
    func stuck() throws {
        let (kernel, awaited) = try waiting()
        kernel.pass(limit)
        kernel.failures[.load("cxl_acpi")] = ReloadError(.stepFailed, "no")
        guard case .ended(.stopped, _, _) = try expire(kernel, awaited.confirmation.run) else {
            Issue.record("not stopped")
            return
        }
        guard case .unfinished(let run) = try last(kernel) else {
            Issue.record("not half done")
            return
        }
        #expect(run.interruption.wasGoingBack)
        kernel.failures = [:]
        let recovery = try Planner(machine: kernel.state, overrides: run.overrides).recovery(of: run.interruption)
        guard case .undone = Executor(kernel.surfaces(state)).recover(run, by: recovery) else {
            Issue.record("not undone")
            return
        }
        #expect(ownedRanges(of: kernel.state).map(\.owner) == [.cxl])
    }
}

@Suite("A timer of systemd")
struct SystemdTimerTests {
    private let folder = TestCaptures.newDirectory()
    private let confirmation = TimedConfirmation(within: .seconds(90), now: .milliseconds(4_294_967_296_000))

    private func write(_ name: String, _ text: String) throws {
        let path = "\(folder)/\(name)"
        try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private func timer(runtime: String? = nil, program: String? = nil) throws -> SystemdTimer {
        let link = "\(folder)/exe"
        try? FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: program ?? "\(folder)/daxswitch")
        return SystemdTimer(programs: folder, runtime: runtime ?? folder, binary: link)
    }

    @Test("systemd-run starts this program by its path after the time, and systemctl stops timer and service")
    func arms() throws {
        for name in ["systemd-run", "systemctl"] {
            try write(name, "printf '%s\\n' \"$0\" \"$@\" >> \(folder)/log; env >> \(folder)/environment")
        }
        try write("daxswitch", "")
        let timer = try timer()
        #expect(timer.obstacle == nil)
        try timer.arm(confirmation)
        let unit = "daxswitch-confirm-3e800000000"
        let log = {
            try String(contentsOfFile: "\(folder)/log", encoding: .utf8).split(separator: "\n").map(String.init)
        }
        let words = try log()
        #expect(words.contains("--unit=\(unit)") && words.contains("--on-active=90s"))
        #expect(Array(words.suffix(4)) == ["\(folder)/daxswitch", "confirm", "--expire", "3e800000000"])
        timer.disarm(confirmation)
        #expect(try log().suffix(2) == ["\(unit).timer", "\(unit).service"])
        let environment = try String(contentsOfFile: "\(folder)/environment", encoding: .utf8)
        #expect(!environment.contains("HOME="))
    }

    @Test("systemd-run fails: an error")
    func fails() throws {
        try write("systemd-run", "echo 'Failed to start transient timer unit' >&2; exit 1")
        try write("systemctl", "")
        try write("daxswitch", "")
        let timer = try timer()
        let error = #expect(throws: ReloadError.self) { try timer.arm(confirmation) }
        #expect(error?.code == .noTimer)
    }

    @Test("without systemd, without systemd-run, or under a path that systemd would expand there is no timer")
    func obstacles() throws {
        try write("daxswitch", "")
        #expect(try timer(runtime: "/nowhere").obstacle?.message.contains("systemd is not running") == true)
        #expect(try timer().obstacle?.message.contains("systemd-run is missing") == true)
        for name in ["systemd-run", "systemctl", "d$x"] { try write(name, "") }
        #expect(try timer().obstacle == nil)
        #expect(try timer(program: "\(folder)/d$x").obstacle?.code == .noTimer)
        #expect(try timer(program: "\(folder)/daxswitch (deleted)").obstacle?.code == .noTimer)
    }
}
