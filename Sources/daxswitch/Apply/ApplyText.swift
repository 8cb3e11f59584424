import Ownership
import Reload

/// What is being done, as it is done: a line for a person who watches.
func progressText(_ progress: Progress) -> String {
    switch progress {
    case .step(let step, let index, let count): "[\(index + 1)/\(count)] \(step)"
    case .offlining(let done, let total, let elapsed): offlineText(done: done, total: total, elapsed: elapsed)
    case .rollingBack(let steps):
        steps.isEmpty ? "rolling back" : "rolling back: \(steps.map(\.description).joined(separator: ", "))"
    }
}

/// The end of an `apply` for people; what was planned has been shown before.
func applyText(_ report: ApplyReport, style: Style) -> [String] {
    let differences = report.differences.flatMap { wrapped($0.what, indent: 2) }
    switch report.outcome {
    case .done: return [style.good("Done, and the machine is as planned.")]
    case .nothingToDo: return [style.good("Nothing to do.")]
    case .dryRun: return [report.isRefused ? style.bad("This would be refused.") : "This would be done."]
    case .refused:
        // Without a hazard the error says why.
        guard report.error == nil else { return [] }
        return [style.bad("Refused because of what is shown above; nothing was changed.")]
    case .rolledBack: return [style.bad("Failed; what was done is undone again.")] + differences
    case .failed: return [style.bad("Failed; nothing was changed.")] + differences
    case .stopped:
        return [style.bad("Stopped half-way; the journal holds what was done.")] + differences
            + ["  Next: `daxswitch recover` finishes or undoes it; `daxswitch status` shows who owns what."]
    }
}
