import Iomem
import Machine
import Ownership
import Persistence
import Reload
import SavedPlan

/// How a `recover` went.
struct RecoverReport: RecordedRun {
    static let command = "recover"

    /// The end it came to; the raw value is the word in the document.
    enum Outcome: String, CaseIterable {
        /// No run of this boot was cut off.
        case nothingToRecover = "nothing-to-recover"
        /// The run is finished: the machine is as planned.
        case done
        /// The machine is as it was before the run.
        case undone
        /// It could not be finished or undone.
        case stopped
        /// `--dry-run`.
        case dryRun = "dry-run"
        /// Nothing was changed, for a reason that is named.
        case failed
    }

    /// The journal as it was found; the raw value is the word in the document.
    enum Journal: String, CaseIterable {
        /// None, or of a run that has ended.
        case settled
        /// Of a run that was interrupted.
        case unfinished
        /// Of a run that is done and waits for confirmation.
        case awaiting = "awaiting-confirmation"
        /// Of an earlier boot: put aside.
        case earlierBoot = "earlier-boot"
        /// It can't be read: put aside.
        case damaged
    }

    /// Nil where it was not looked at.
    var journal: Journal?
    var policy: String?
    var outcome = Outcome.failed
    /// Steps were done.
    var isChanged = false
    /// The steps that finish or undo the run.
    var steps: [Step] = []
    /// A region that the run had begun to create and that is to be deleted: before the steps, or by the step that creates it again;
    /// nil if it is not there.
    var deletedRegion: String?
    /// The decoders that have bytes of memory devices for it, which are given back with it.
    var givenBack: [Decoder] = []
    /// How long each region was gone that the steps have created again, a sentence each.
    var absences: [String] = []
    /// What stands in the way of finishing it.
    var hazards: [Hazard] = []
    /// The files that a `persist` which was cut off had changed, and that are as before again; nil if there was none.
    var restoredFiles: [String]?
    /// What verification found afterwards.
    var differences: [Difference] = []
    var error: Failure?

    /// What is going to be done on `machine`.
    mutating func take(_ recovery: Recovery, on machine: MachineState) {
        switch recovery {
        case .isUndone: break
        case .finish(let plan):
            steps = plan.steps
            if steps.contains(where: { $0.verb == .restoreRegion }) { takeUnfinished(on: machine) }
        case .undo(let plan):
            steps = plan.steps
            takeUnfinished(on: machine)
        case .stuck(_, let found): hazards = found
        }
    }

    private mutating func takeUnfinished(on machine: MachineState) {
        guard let unfinished = machine.unfinishedRegion else { return }
        if machine.regions.contains(where: { $0.name == unfinished.name && !$0.committed }) {
            deletedRegion = unfinished.name
        }
        givenBack = machine.deleting(unfinished).decoders(takenFor: unfinished)
    }

    /// What becomes of what the run had begun to create, as a sentence; nil if there is nothing of it.
    ///
    /// - Parameter isDone: It is told afterwards.
    func clearing(isDone: Bool) -> String? {
        let region = deletedRegion.map { "The half-made \($0) \(isDone ? "was" : "is") deleted." }
        let bytes = givenBack.map { decoder in
            "\(sizeText(decoder.dpa?.size ?? 0)) of \(decoder.memdev ?? "a memory device") (\(decoder.name))"
        }
        let back = bytes.isEmpty ? nil : "\(bytes.joined(separator: " and ")) \(isDone ? "were" : "are") freed."
        let parts = [region, back].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }

    /// How it ended.
    mutating func take(_ ended: RecoveryOutcome) {
        switch ended {
        case .done:
            outcome = .done
            isChanged = hasToDo
        case .undone(_, let obstacle):
            outcome = .undone
            isChanged = hasToDo
            error = obstacle.map { Failure($0, status: .failed) }
        case .stopped(let error, let found):
            outcome = .stopped
            isChanged = hasToDo
            differences = found
            self.error = Failure(error, status: .stopped)
        }
    }

    var outcomeWord: String { outcome.rawValue }

    /// Whether something is done to the machine.
    var hasToDo: Bool { !steps.isEmpty || deletedRegion != nil || !givenBack.isEmpty }

    /// How the process ends.
    var status: ExitStatus {
        if let error { return error.status }
        switch outcome {
        case .nothingToRecover, .done, .dryRun: return .done
        case .undone, .failed: return .failed
        case .stopped: return .stopped
        }
    }
}

/// `recover --json`.
func recoverDocument(_ report: RecoverReport) -> JSONValue {
    document(
        "recover",
        [
            "policy": JSONValue(report.policy), "changed": .bool(report.isChanged),
            "journal": JSONValue(report.journal?.rawValue), "outcome": .text(report.outcome.rawValue),
            "restored_files": JSONValue(report.restoredFiles ?? []), "steps": .form(report.steps),
            "hazards": .form(report.hazards.groups), "deleted_region": JSONValue(report.deletedRegion),
            "given_back": .list(report.givenBack.map(givenBackMembers)),
            "notes": .list(report.absences.map { .text($0) }),
            "differences": differenceMembers(report.differences), "error": report.error.map(errorMember) ?? .null,
        ]
    )
}

private func givenBackMembers(_ decoder: Decoder) -> JSONValue {
    .object([
        "decoder": .text(decoder.name), "memdev": JSONValue(decoder.memdev), "size": .number(decoder.dpa?.size ?? 0),
    ])
}

/// What was found, what it comes to, and the steps, for people.
func recoveryText(
    _ report: RecoverReport,
    _ recovery: Recovery,
    of run: Interruption,
    machine: MachineState,
    style: Style
) -> [Line] {
    let end =
        report.journal == .awaiting
        ? "waits for confirmation"
        : "was interrupted after \(run.stepsEnded) of \(counted(run.steps.count, "step"))"
    let verdict = { (words: String) in
        wrapped("The run of policy \(report.policy ?? "?") \(end). \(words)", indent: 0)
    }
    let first = report.clearing(isDone: false).map { " \($0)" } ?? ""
    let steps = { (plan: Plan) in
        [""] + planText(plan, machine: machine, isCarriedOut: true, recoverDetail, style: style)
    }
    switch recovery {
    case .isUndone:
        return verdict("The machine is in its previous state; only the journal needs closing.").map(style.good)
    case .finish(let plan) where plan.isEmpty:
        return verdict("The machine already matches the plan; only the journal needs closing.").map(style.good)
    case .finish(let plan): return verdict("It can be finished.\(first)").map(style.careful) + steps(plan)
    case .undo(let plan):
        return verdict("It can be undone.\(first)").map(style.careful) + (plan.isEmpty ? [] : steps(plan))
    case .stuck(_, let hazards):
        return verdict("It can neither be finished nor undone with certainty.").map(style.bad)
            + (hazards.isEmpty ? [] : [""] + hazardsText(hazards, style, recoverDetail))
    }
}

/// A persist that was cut off, and what is going to be done about it, for people.
func choiceText(style: Style) -> [Line] {
    wrapped(
        "A persist was interrupted (\(ChoiceJournal.path)). The files for the next boot can be restored.",
        indent: 0
    ).map(style.careful)
}

/// `recover` has no --all.
private let recoverDetail = Detail(allOption: "--json")

/// The end of a `recover` for people.
func recoverText(_ report: RecoverReport, style: Style) -> [Line] {
    let cleared = [.done, .undone].contains(report.outcome) ? report.clearing(isDone: true) : nil
    let notes = [cleared].compactMap(\.self) + report.absences
    return notes.flatMap { wrapped("Note: \($0)", indent: 2) } + recoverEnd(report, style: style)
}

private func recoverEnd(_ report: RecoverReport, style: Style) -> [Line] {
    switch report.outcome {
    // It was not done: nobody answered, or something stood in the way.
    case .nothingToRecover where report.error != nil: return [style.bad("Failed; nothing was changed.")]
    case .nothingToRecover:
        let journal: Line =
            report.journal == .earlierBoot ? " The journal is from an earlier boot and no longer valid." : ""
        return [style.good("Nothing to recover.") + journal]
    case .done: return [style.good("Done and verified.")]
    case .undone where report.restoredFiles != nil:
        return [style.careful("Undone: the files for the next boot are as before that persist.")]
            + (report.restoredFiles ?? []).map { "  \($0)" }
    case .undone: return [style.careful("Undone: the machine is in its previous state.")]
    case .dryRun: return report.hazards.isEmpty ? ["This would be done."] : [style.bad("Nothing would be done.")]
    case .failed: return [style.bad("Failed; nothing was changed.")]
    case .stopped:
        let folded = Folded(report.differences, recoverDetail)
        return [style.bad("Still stopped half-way; the journal is kept.")]
            + folded.shown.flatMap { wrapped(recoverDetail.shortened($0.what), indent: 2) }
            + folded.rest("differences", recoverDetail, style)
            + wrapped(
                "Remove the cause shown above or below and run `daxswitch recover` again; or reboot, which clears the journal. "
                    + "`daxswitch status` shows who owns what.",
                indent: 2
            )
    }
}
