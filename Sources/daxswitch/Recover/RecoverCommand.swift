import ArgumentParser
import Inspection
import LinuxSystem
import Machine
import Ownership
import Reload

/// `recover`: brings a run that was cut off to an end.
struct RecoverCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Finish or undo what an apply that was cut off has left, as its journal shows it.",
        discussion: """
            Brings either the owners that the run was to bring or those that there were before, whichever is certain; \
            never others. Ends with 0 where the run is finished or nothing is to be recovered, with 1 where the \
            machine is as it was before the run, with 5 where neither is certain. May be repeated.
            """
    )

    @Flag(help: "Say what would be done and do nothing.")
    var dryRun = false

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var json: JSONOption
    @OptionGroup var wait: WaitOption

    var wantsJSON: Bool { json.isOn }
    var onlyPrints: Bool { false }

    func execute() throws -> ExitStatus {
        var report = RecoverReport()
        do {
            try checkConfirmable()
            if let hazard = Privilege.current.hazard { throw Failure(hazard) }
            let recoverer = Recoverer(waitingUpTo: wait.limit, show: show)
            if dryRun {
                try recoverer.preview(into: &report)
            } else {
                try recoverer.recover(into: &report, isConfirmed: isConfirmed)
            }
        } catch {
            report.error = Failure(error)
        }
        if wantsJSON {
            Output.print(recoverDocument(report))
        } else {
            Output.print(recoverText(report, style: .current))
        }
        if let error = report.error { Output.complain(error.message) }
        if !dryRun && report.status != .usage && report.outcome != .nothingToRecover {
            let machine = try? Inspector().read()
            RunLog.leave(HistoryRecord(report, on: machine, time: RunLog.now))
        }
        return report.status
    }

    private func checkConfirmable() throws(Failure) {
        guard yes || dryRun || Output.canAsk else {
            throw Failure(
                .usage,
                code: "not-confirmed",
                "without a terminal to ask on, recover needs --yes (or --dry-run)"
            )
        }
    }

    private func show(_ report: RecoverReport, _ recovery: Recovery, _ machine: MachineState) {
        if !wantsJSON { Output.print(recoveryText(report, recovery, machine: machine, style: .current) + [""]) }
    }

    private func isConfirmed(_ report: inout RecoverReport) -> Bool {
        if yes || report.steps.isEmpty || Output.isConfirmed("Carry this out? [y/N] ") { return true }
        report.error = Failure(.failed, code: "not-confirmed", "not confirmed; nothing was changed")
        return false
    }
}
