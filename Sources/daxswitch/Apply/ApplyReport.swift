import Machine
import Ownership
import Reload
import SavedPlan

/// How an `apply` went.
struct ApplyReport: RecordedRun {
    static let command = "apply"

    /// The end it came to; the raw value is the word in the document.
    enum Outcome: String, CaseIterable {
        /// Carried out and verified.
        case done
        /// What is wanted held already.
        case nothingToDo = "nothing-to-do"
        /// Nothing was changed, for a reason that is named.
        case refused
        /// A step failed, and the steps before it were undone.
        case rolledBack = "rolled-back"
        /// It failed and nothing was changed.
        case failed
        /// It stopped half-way.
        case stopped
        /// `--dry-run`.
        case dryRun = "dry-run"
    }

    var policy: String?
    /// The machine before the first step; nil where it was not read.
    var machine: MachineState?
    var outcome = Outcome.failed
    /// The machine is not as it was.
    var isChanged = false
    /// A hazard stands in the way.
    var isRefused = false
    /// The steps of the plan.
    var steps: [Step] = []
    /// What a reader of the plan should know besides.
    var notes: [String] = []
    /// How long each region was gone that the run took away and created again, a sentence each.
    var absences: [String] = []
    var hazards: [Hazard] = []
    /// The kinds of hazards that were accepted.
    var accepted: Set<Hazard.Identifier> = []
    /// What verification found afterwards.
    var differences: [Difference] = []
    /// What a saved plan relied on and has changed.
    var staleFacts: [FactChange] = []
    var error: Failure?
    /// The run is done and waits for confirmation.
    var awaiting: Awaiting?
    /// How long the steps and their verification took; nil if there was no run.
    var duration: Duration?
    /// The machine as it was verified after the last step.
    var after: MachineState?

    /// What is going to be done, unless a hazard that was not accepted refuses it.
    mutating func take(_ plan: Plan, on machine: MachineState) {
        self.machine = machine
        isRefused = !plan.openHazards.isEmpty
        policy = plan.policy?.name
        steps = plan.steps
        hazards = plan.hazards
        accepted = plan.request.accepted
        notes = plan.notes
    }

    /// How the run ended.
    mutating func take(_ ended: Reload.Outcome) {
        switch ended {
        case .done(let machine):
            outcome = .done
            isChanged = true
            after = machine
        case .awaiting(let machine, let run):
            after = machine
            outcome = .done
            isChanged = true
            awaiting = Awaiting(run)
        case .unchanged(let error):
            fail(Failure(error))
        case .rolledBack(let error):
            outcome = .rolledBack
            self.error = Failure(error, status: .failed)
        case .stopped(let error, let found):
            outcome = .stopped
            isChanged = true
            differences = found
            self.error = Failure(error, status: .stopped)
        }
    }

    /// Nothing was done, because of an error of any kind.
    mutating func fail(_ error: any Error) {
        if let stale = error as? StalePlan { staleFacts = stale.changes }
        fail(Failure(error))
    }

    /// Nothing was done, because of an error.
    mutating func fail(_ failure: Failure) {
        error = failure
        outcome = failure.status == .failed ? .failed : .refused
    }

    var outcomeWord: String { outcome.rawValue }
    var timeToConfirm: Duration? { awaiting?.limit }

    /// How the process ends.
    var status: ExitStatus {
        if let error { return error.status }
        if isRefused { return .refused }
        switch outcome {
        case .done, .nothingToDo, .dryRun: return .done
        case .refused: return .refused
        case .rolledBack, .failed: return .failed
        case .stopped: return .stopped
        }
    }
}

/// `apply --json`.
func applyDocument(_ report: ApplyReport) -> JSONValue {
    document(
        "apply",
        [
            "policy": JSONValue(report.policy), "changed": .bool(report.isChanged),
            "outcome": .text(report.outcome.rawValue), "steps": .form(report.steps),
            "hazards": .form(report.hazards.groups), "notes": .list((report.notes + report.absences).map { .text($0) }),
            "differences": differenceMembers(report.differences),
            "stale": .list(
                report.staleFacts.map {
                    ["fact": .text($0.fact), "before": JSONValue($0.before), "now": JSONValue($0.now)]
                }
            ),
            "error": report.error.map(errorMember) ?? .null,
            "awaiting_confirmation": report.awaiting?.members ?? .null,
        ]
    )
}

/// The end of an `apply` for people; what was planned has been shown before.
func applyText(_ report: ApplyReport, _ detail: Detail = Detail(), style: Style) -> [Line] {
    let folded = Folded(report.differences, detail)
    let differences =
        folded.shown.flatMap { wrapped(detail.shortened($0.what), indent: 2) }
        + folded.rest("differences", detail, style)
    let absences = report.absences.flatMap { wrapped("Note: \($0)", indent: 2) }
    switch report.outcome {
    case .done:
        let time = report.duration.map { " in \(timeText($0))" } ?? ""
        let end = style.good("Done and verified\(time).")
        let map =
            detail.isQuiet
            ? []
            : report.after.map { machine in
                [""] + MapText(machine, detail, style: style).lines() + [""]
            } ?? []
        return map + absences + [end] + (report.awaiting.map { [""] + awaitingText($0, style: style) } ?? [])
    case .nothingToDo: return [style.good("Nothing to do.")]
    case .dryRun where report.steps.isEmpty && !report.isRefused && report.error == nil:
        return [style.good("Nothing to do.")]
    case .dryRun: return [report.isRefused ? style.bad("This would be refused.") : "This would be done."]
    case .refused:
        // Without a hazard the error says why.
        guard report.error == nil else { return [] }
        return [style.bad("Refused because of the hazards above; nothing was changed.")]
    case .rolledBack:
        return absences + [style.bad("A step failed; all changes were rolled back.")] + differences
    case .failed: return [style.bad("Failed; nothing was changed.")] + differences
    case .stopped:
        return absences + [style.bad("Stopped half-way; the journal shows what was done.")] + differences
            + ["  Next: `daxswitch recover` finishes or undoes it; `daxswitch status` shows who owns what."]
    }
}
