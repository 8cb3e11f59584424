import Reload

/// A run that was to be confirmed, and that a reboot cut off: what it changed in the kernel is gone.
struct RebootedRun {
    let policy: String?
    /// When it was done, in UTC as the history has it; nil if only its journal tells of it.
    var doneAt: String?
    /// How many of its steps had ended, of how many; nil if it was done.
    var steps: (ended: Int, all: Int)?
    /// Its journal is still there: `recover` puts it aside.
    var hasJournal = false
    /// Who owns how much after the reboot; empty if that was not read.
    var ownersNow = ""

    /// What the journal of an earlier boot tells; nil if nobody had to confirm its run.
    init?(_ run: EarlierRun) {
        guard run.wasToBeConfirmed else { return nil }
        policy = run.policy
        hasJournal = true
        if run.stepsEnded < run.steps { steps = (run.stepsEnded, run.steps) }
    }

    /// The last run that changed the machine, if somebody had to confirm it, nobody did, and the boot is over in which it was;
    /// nil without such a run. The journal does not outlive a boot, so the history tells.
    ///
    /// - Parameter records: The oldest first.
    init?(_ records: [HistoryRecord], bootID: String?) {
        let ends = records.last { record in
            record.changed || record.command == ConfirmReport.command
        }
        guard let ends, ends.confirmWithinSeconds != nil, let boot = ends.bootID, let bootID, boot != bootID else {
            return nil
        }
        policy = ends.policy
        doneAt = ends.time
    }
}

/// What became of the run, and what the reboot left.
func rebootedText(_ run: RebootedRun, style: Style) -> [Line] {
    let place =
        run.steps.map { "after \($0.ended) of \(counted($0.all, "step"))" }
        ?? "before somebody confirmed it" + (run.doneAt.map { " (done at \($0))" } ?? "")
    let journal = run.hasJournal ? " `daxswitch recover` moves its journal out of the way." : ""
    let owners = run.ownersNow.isEmpty ? "" : " Owners now: \(run.ownersNow)."
    return wrapped("Too late: a reboot ended the run of policy \(run.policy ?? "?") \(place).", indent: 0).map(
        style.bad
    )
        + wrapped(
            "What it changed in the kernel is gone, and the boot decided who owns what.\(owners) `daxswitch status` shows more."
                + journal,
            indent: 2
        )
}
