import Machine
import Ownership

/// What was found, and what is going to be done about it, for people.
func recoveryText(_ report: RecoverReport, _ recovery: Recovery, machine: MachineState, style: Style) -> [String] {
    let run = "The run of policy \(report.policy ?? "?") was cut off."
    switch recovery {
    case .isUndone: return ["\(run) The machine is as it was before it: only the journal is to be closed."]
    case .finish(let plan) where plan.isEmpty:
        return ["\(run) The machine is as it was to be: only the journal is to be closed."]
    case .finish(let plan): return ["\(run) It can be finished.", ""] + planText(plan, machine: machine, style: style)
    case .undo(let plan): return ["\(run) It can be undone.", ""] + planText(plan, machine: machine, style: style)
    case .stuck(_, let hazards):
        return ["\(run) It can neither be finished nor undone with certainty."]
            + (hazards.isEmpty ? [] : [""] + hazardsText(hazards, style))
    }
}

/// The end of a `recover` for people.
func recoverText(_ report: RecoverReport, style: Style) -> [String] {
    let differences = report.differences.flatMap { wrapped($0.what, indent: 2) }
    switch report.outcome {
    case .nothingToRecover:
        let journal = report.journal == .earlierBoot ? " The journal is of an earlier boot and counts no more." : ""
        return [style.good("Nothing to recover.") + journal]
    case .done: return [style.good("Done, and the machine is as planned.")]
    case .undone: return [style.careful("Undone: the machine is as it was before the run.")]
    case .dryRun: return report.hazards.isEmpty ? ["This would be done."] : [style.bad("Nothing would be done.")]
    case .failed: return [style.bad("Failed; nothing was changed.")]
    case .stopped:
        return [style.bad("Still stopped half-way; the journal is kept.")] + differences
            + wrapped(
                "Clear what is named below or above and run `daxswitch recover` again, or reboot: the journal goes with "
                    + "the boot. `daxswitch status` shows who owns what.",
                indent: 2
            )
    }
}
