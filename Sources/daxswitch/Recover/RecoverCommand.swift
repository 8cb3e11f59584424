import ArgumentParser
import Inspection
import LinuxSystem
import Machine
import Ownership
import Persistence
import Reload

/// `recover`: ends a run that was interrupted.
struct RecoverCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        _superCommandName: Daxswitch.name,
        abstract: "Finish or undo an interrupted apply.",
        discussion: """
            Reads the journal of the interrupted run. Restores the planned owners or the previous ones, \
            whichever is certain. Exits 0 if the run is finished or there is nothing to recover, 1 if the \
            previous state is restored, 5 if neither is certain. A region that the run had begun to create is \
            deleted. Also restores the files of an interrupted persist. May be repeated.
            """
    )

    @Flag(help: "Always restore the state before the run, also of a run that waits for confirmation.")
    var undo = false

    @Flag(help: "Show what would be done, and change nothing.")
    var dryRun = false

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var json: JSONOption
    @OptionGroup var colour: ColourOption
    @OptionGroup var wait: WaitOption

    var wantsJSON: Bool { json.isOn }
    var onlyPrints: Bool { false }

    func execute() throws -> ExitStatus {
        var report = RecoverReport()
        do {
            if let hazard = Privilege.current.hazard { throw Failure(hazard) }
            if dryRun {
                try preview(&report)
            } else {
                try recover(&report)
            }
        } catch {
            report.error = Failure(error)
        }
        if wantsJSON {
            Output.print(recoverDocument(report))
        } else {
            Output.print(recoverText(report, style: colour.style))
        }
        if let error = report.error { Output.complain(error.message) }
        if !dryRun && report.status != .usage && report.outcome != .nothingToRecover {
            let machine = try? Inspector().read()
            RunLog.leave(HistoryRecord(report, on: machine, time: RunLog.now))
        }
        return report.status
    }

    /// Says what `recover` would do. Nothing is made or opened for writing, and the lock stays free.
    private func preview(_ report: inout RecoverReport) throws {
        let state = StateDirectory()
        try Lock.waitUntilFree(state, upTo: wait.limit)
        let machine = try MachineObserver(state).readAtRest()
        let last = try lastRun(JournalFile(state), machine, &report)
        if try find(last, on: machine, &report) != nil { report.outcome = .dryRun }
        if try BootSystem(root: state.root).journal() != nil {
            report.restoredFiles = []
            report.outcome = .dryRun
            if !wantsJSON { Output.print(choiceText(style: colour.style) + [""]) }
        }
    }

    /// Finishes or undoes the run if somebody wants it, one daxswitch at a time.
    private func recover(_ report: inout RecoverReport) throws {
        let state = StateDirectory()
        let lock = try Lock(state, waitingUpTo: wait.limit)
        try withExtendedLifetime(lock) {
            let observer = MachineObserver(state)
            let machine = try observer.readAtRest()
            let journal = JournalFile(state)
            let last = try lastRun(journal, machine, &report)
            switch last {
            case .ofEarlierBoot, .damaged: try journal.putAside()
            case .settled, .awaiting, .unfinished: break
            }
            if let (run, recovery) = try find(last, on: machine, &report) {
                try confirm(report)
                let meter = ProgressMeter()
                let planner = try Planner(machine: machine, overrides: run.overrides)
                let absence = AbsenceMeter(
                    planner.absences(during: report.steps),
                    during: report.steps,
                    since: run.goneSince,
                    of: run.absences
                )
                let executor = Executor(.ofThisMachine(state, observer: observer)) { progress in
                    absence.take(progress, at: MonotonicClock.now)
                    meter.show(progress)
                }
                report.take(executor.recover(run, by: recovery))
                report.absences = absence.notes
            }
            if report.error == nil { try recoverChoice(on: BootSystem(root: state.root), &report) }
        }
    }

    /// Puts back what a `persist` found that was cut off, if somebody wants it.
    private func recoverChoice(on system: BootSystem, _ report: inout RecoverReport) throws {
        guard let journal = try system.journal() else { return }
        report.restoredFiles = []
        if !wantsJSON { Output.print(choiceText(style: colour.style) + [""]) }
        try confirm(report)
        let interrupts = SignalInterrupts()
        interrupts.note(.halfWay)
        let persisting = Persisting(on: system)
        report.restoredFiles =
            try journal.hasBuilt || journal.bootLoader != nil
            ? LogindInhibitor().duringRebuild { try persisting.recover() } : persisting.recover()
        interrupts.note(.unchanged)
        report.isChanged = true
        if report.outcome == .nothingToRecover { report.outcome = .undone }
    }

    private func lastRun(
        _ journal: JournalFile,
        _ machine: MachineState,
        _ report: inout RecoverReport
    ) throws(ReloadError) -> LastRun {
        do {
            return try LastRun(journal, bootID: machine.kernel.bootID)
        } catch {
            if error.code == .otherVersion { report.journal = .unfinished }
            throw error
        }
    }

    /// The run that was interrupted and how it can end, as the report has it then; nil without such a run.
    private func find(
        _ last: LastRun,
        on machine: MachineState,
        _ report: inout RecoverReport
    ) throws -> (UnfinishedRun, Recovery)? {
        switch last {
        case .settled:
            report.journal = .settled
            report.outcome = .nothingToRecover
            return nil
        case .ofEarlierBoot:
            report.journal = .earlierBoot
            report.outcome = .nothingToRecover
            return nil
        case .damaged(let error):
            report.journal = .damaged
            throw error
        case .awaiting(let run, let awaited):
            report.journal = .awaiting
            report.policy = run.policy
            guard undo else { throw awaited.refusal }
            return (run, try recovery(of: run, on: machine, &report))
        case .unfinished(let run):
            report.journal = .unfinished
            report.policy = run.policy
            if let complaint = run.complaintElsewhere {
                Output.complain(
                    "the run stopped because \(complaint). The report names no CXL, dax or memory driver, so the recovery goes on"
                )
            }
            return (run, try recovery(of: run, on: machine, &report))
        }
    }

    private func recovery(
        of run: UnfinishedRun,
        on machine: MachineState,
        _ report: inout RecoverReport
    ) throws -> Recovery {
        let planner = try Planner(machine: machine, overrides: run.overrides)
        let recovery = planner.recovery(of: run.interruption, undoing: undo)
        report.take(recovery, on: machine)
        if !wantsJSON {
            let text = recoveryText(report, recovery, of: run.interruption, machine: machine, style: colour.style)
            Output.print(text + [""])
        }
        return recovery
    }

    private func confirm(_ report: RecoverReport) throws(Failure) {
        guard report.hasToDo || report.restoredFiles != nil else { return }
        try Confirmation(of: "recover", isGiven: yes).ask("Carry this out? [y/N] ")
    }
}
