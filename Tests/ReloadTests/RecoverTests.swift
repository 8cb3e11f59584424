import Foundation
import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Reload

@Suite("A run that was interrupted comes to an end")
struct RecoverTests {
    let state = StateDirectory(root: TestCaptures.newDirectory())

    /// Breaks a run off at the first failure of `step`, as a crash of the tool would leave it.
    private func cutOff(at step: Step, _ change: (RecordedKernel) -> Void = { _ in }) throws -> RecordedKernel {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[step] = ReloadError(.stepFailed, "no")
        let policy = ExecutorTests().hmem
        let executor = Executor(kernel.surfaces(state))
        let outcome = executor.run(try Planner(machine: kernel.state).plan(policy), accepting: [], mayRollBack: false)
        if case .stopped = outcome {} else { Issue.record("not stopped: \(outcome)") }
        kernel.failures = [:]
        change(kernel)
        return kernel
    }

    private func recover(_ kernel: RecordedKernel) throws -> RecoveryOutcome? {
        guard let run = try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID) else {
            return nil
        }
        let recovery = try Planner(machine: kernel.state, overrides: run.overrides).recovery(of: run.interruption)
        return Executor(kernel.surfaces(state)).recover(run, by: recovery)
    }

    @Test("what is left can be done: the run is finished, and there is nothing to recover")
    func finished() throws {
        let kernel = try cutOff(at: .unload("cxl_acpi"))
        guard case .done(let machine) = try recover(kernel) else {
            Issue.record("not finished")
            return
        }
        #expect(ownedRanges(of: machine).map(\.owner) == [.hmem])
        #expect(machine.isHeld)
        #expect(try recover(kernel) == nil)
    }

    @Test("what is left would lose the region by now: the run is undone")
    func undone() throws {
        let kernel = try cutOff(at: .unload("cxl_acpi")) { $0.reinterpret { $0.regions[0].locked = false } }
        guard case .undone(let machine, nil) = try recover(kernel) else {
            Issue.record("not undone")
            return
        }
        #expect(ownedRanges(of: machine).map(\.owner) == [.cxl])
        #expect(!machine.isHeld)
        #expect(!kernel.steps.contains(.unload("cxl_acpi")))
    }

    @Test("what is left fails: undone, and why is told")
    func undoneInstead() throws {
        let kernel = try cutOff(at: .unload("cxl_acpi"))
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "cxl_acpi is busy")
        guard case .undone(let machine, let error) = try recover(kernel) else {
            Issue.record("not undone")
            return
        }
        #expect(error?.message == "cxl_acpi is busy")
        #expect(ownedRanges(of: machine).map(\.owner) == [.cxl])
        #expect(kernel.noted.last == .unchanged)
    }

    @Test("a module could not be loaded: nothing is done, and the journal stays")
    func notLoadable() throws {
        let kernel = try cutOff(at: .unload("cxl_acpi"))
        let steps = kernel.steps
        kernel.withoutFile = ["dax_hmem"]
        guard case .stopped(let error, _) = try recover(kernel) else {
            Issue.record("not stopped")
            return
        }
        #expect(error.code == .notLoadable)
        #expect(kernel.steps == steps)
        kernel.withoutFile = []
        guard case .done = try recover(kernel) else {
            Issue.record("not finished")
            return
        }
    }

    @Test("the kernel complained: nothing is done, and the journal stays")
    func complained() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.lines[.unload("dax_hmem")] = ["WARNING: CPU: 0 PID: 1 at drivers/dax/bus.c"]
        let policy = ExecutorTests().hmem
        _ = Executor(kernel.surfaces(state)).run(
            try Planner(machine: kernel.state).plan(policy),
            accepting: []
        )
        let steps = kernel.steps
        for _ in 0..<2 {
            guard case .stopped(let error, _) = try recover(kernel) else {
                Issue.record("not stuck")
                return
            }
            #expect(error.code == .stuck)
            #expect(error.message.contains("WARNING: CPU: 0 PID: 1"))
        }
        #expect(kernel.steps == steps)
    }

    @Test("the region has gone meanwhile and its layout is not known: neither is certain, and nothing is done")
    func stuck() throws {
        let kernel = try cutOff(at: .load("dax_hmem")) { kernel in
            kernel.reinterpret {
                $0.remembered?.regions[0].locked = false
                $0.remembered?.regions[0].layout = nil
                $0.remembered?.decoded = []
            }
        }
        let steps = kernel.steps
        guard case .stopped(let error, _) = try recover(kernel) else {
            Issue.record("not stuck")
            return
        }
        #expect(error.code == .stuck)
        #expect(error.message.contains("undecoded-range"))
        #expect(kernel.steps == steps)
    }

    @Test("what was accepted was one region: another one that would be lost by now is not", arguments: [false, true])
    func acceptedSubject(hasOther: Bool) throws {
        var policy = ExecutorTests().hmem
        policy.order = [.unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi")]
        policy.want = .init()
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.reinterpret { $0.regions[0].locked = false }
        kernel.interference = { _, machine in
            for index in machine.regions.indices { machine.regions[index].locked = false }
        }
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "no")
        let plan = try Planner(machine: kernel.state).plan(policy)
        let accepted: Set<Hazard.Identifier> = [.regionLost, .orphanedRange]
        let outcome = Executor(kernel.surfaces(state)).run(plan, accepting: accepted, mayRollBack: false)
        guard case .stopped = outcome else {
            Issue.record("not stopped: \(outcome)")
            return
        }
        if hasOther {
            kernel.reinterpret { machine in
                guard var other = machine.regions.first else { return }
                other.name = "region1"
                other.range = AddressRange(start: 0x6_0000_0000, size: 0x1000_0000)
                machine.regions.append(other)
            }
        }
        let run = try #require(try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID))
        #expect(run.interruption.accepted.contains { $0.id == .regionLost && $0.subject == "region0" })
        let recovery = try Planner(machine: kernel.state, overrides: run.overrides).recovery(of: run.interruption)
        if case .finish = recovery { #expect(!hasOther) } else { #expect(hasOther, "\(recovery)") }
    }

    @Test("a journal of another boot is nobody's; one that can't be read is damaged")
    func lastRun() throws {
        let kernel = try cutOff(at: .unload("cxl_acpi"))
        let bootID = kernel.state.kernel.bootID
        guard case .unfinished = try LastRun(JournalFile(state), bootID: bootID) else {
            Issue.record("not unfinished")
            return
        }
        guard case .ofEarlierBoot(let run) = try LastRun(JournalFile(state), bootID: "another") else {
            Issue.record("not of an earlier boot")
            return
        }
        #expect(run.policy == "hmem" && !run.wasToBeConfirmed && run.stepsEnded < run.steps)
        try Data("{}\n".utf8).write(to: URL(fileURLWithPath: state.journal))
        guard case .damaged(let error) = try LastRun(JournalFile(state), bootID: bootID) else {
            Issue.record("not damaged")
            return
        }
        #expect(error.message.contains(state.journal))
        try JournalFile(state).putAside()
        #expect(try LastRun(JournalFile(state), bootID: bootID) == .settled)
    }

    @Test(
        "an event with a word that is not understood: the journal is damaged, since the word may say where the run was going"
    )
    func unknownWord() throws {
        let kernel = try cutOff(at: .unload("cxl_acpi"))
        let text = try String(contentsOfFile: state.journal, encoding: .utf8)
        let strange = #"{"event":"rolling-back","steps":["reset"]}"#
        try Data((text + strange + "\n").utf8).write(to: URL(fileURLWithPath: state.journal))
        let error = try #require(throws: ReloadError.self) {
            try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID)
        }
        #expect(error.code == .damagedJournal)
        #expect(error.message.contains("\(state.journal):\(text.split(separator: "\n").count + 1)"))
    }

    @Test("a line in the middle that can't be read: what came before it counts")
    func damagedLine() throws {
        let kernel = try cutOff(at: .unload("cxl_acpi"))
        var lines = try String(contentsOfFile: state.journal, encoding: .utf8).split(separator: "\n")
        lines[2] = "garbage"
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: state.journal))
        let run = try #require(try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID))
        #expect(run.damage?.hasSuffix("journal:3") == true)
        guard case .done = try recover(kernel) else {
            Issue.record("not finished")
            return
        }
    }
}
