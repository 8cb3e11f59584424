import LinuxSystem
import Persistence
import Reload

/// Makes a choice hold on a system, one daxswitch at a time.
struct Persister<System: BootSystem> {
    let system: System
    let state: StateDirectory
    /// How long another daxswitch is waited for.
    let waitingUpTo: Duration
    let updatesInitramfs: Bool
    let isDryRun: Bool
    /// Shows what is going to be done, and what makes the initramfs anew.
    let show: (PersistReport, InitramfsBuilder?) -> Void
    /// Asks whether it may be done.
    let isConfirmed: () -> Bool

    func persist(_ asked: PersistProposal.Asked, into report: inout PersistReport) throws {
        let proposal = try propose(asked, &report)
        show(report, proposal.rebuildingBy)
        if isDryRun {
            report.outcome = .dryRun
            return
        }
        if proposal.isEmpty {
            report.outcome = .nothingToDo
            return
        }
        guard report.hazards.isEmpty else {
            report.outcome = .refused
            return
        }
        guard isConfirmed() else {
            throw Failure(.failed, code: "not-confirmed", "not confirmed; nothing was changed")
        }
        let lock = try Lock(state, waitingUpTo: waitingUpTo)
        try withExtendedLifetime(lock) { try carryOut(asked, &report) }
    }

    /// The one that was waited for may have persisted something: the files are looked at anew.
    private func carryOut(_ asked: PersistProposal.Asked, _ report: inout PersistReport) throws {
        let proposal = try propose(asked, &report)
        if proposal.isEmpty {
            report.outcome = .nothingToDo
            return
        }
        try Persisting(on: system).carryOut(proposal.plan, rebuildingBy: proposal.rebuildingBy)
        report.outcome = .done
        report.isChanged = true
        report.isRebuilt = proposal.rebuildingBy != nil
        report.isInitramfsStale = !system.images.stale.isEmpty
    }

    private func propose(_ asked: PersistProposal.Asked, _ report: inout PersistReport) throws -> PersistProposal {
        try PersistProposal(asked, updatingInitramfs: updatesInitramfs, on: system, into: &report)
    }
}
