import ArgumentParser
import Inspection
import LinuxSystem
import Machine
import Ownership
import Reload

/// `confirm`: keeps a run that would be rolled back otherwise.
struct ConfirmCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        _superCommandName: Daxswitch.name,
        abstract: "Keep the result of `apply --confirm-within`. If you don't confirm in time, it is rolled back.",
        discussion: """
            Exits 0 if the run stays, also if it was confirmed before or if no run waits. Exits 1 if the run was rolled \
            back, or if a reboot ended it first. A late confirm counts until the roll-back has begun.
            """
    )

    @OptionGroup var json: JSONOption
    @OptionGroup var colour: ColourOption
    @OptionGroup var wait: WaitOption

    @Option(help: ArgumentHelp("Roll this run back if nobody confirms it in time.", visibility: .hidden))
    var expire: String?

    var wantsJSON: Bool { json.isOn }
    var onlyPrints: Bool { false }

    func execute() throws -> ExitStatus {
        var report = ConfirmReport()
        let state = StateDirectory()
        do {
            if let expire {
                if let hazard = Privilege.current.hazard { throw Failure(hazard) }
                try rollBack(expire, state, &report)
            } else {
                try confirm(state, &report)
            }
        } catch {
            report.fail(Failure(error))
        }
        if wantsJSON {
            Output.print(confirmDocument(report))
        } else {
            Output.print(confirmText(report, style: colour.style))
        }
        if let error = report.error { Output.complain(error.message) }
        if report.isRecorded {
            RunLog.leave(HistoryRecord(report, on: try? Inspector().read(), time: RunLog.now))
        }
        return expire != nil && report.outcome == .rolledBack ? .done : report.status
    }

    /// Ends the wait, one daxswitch at a time.
    private func confirm(_ state: StateDirectory, _ report: inout ConfirmReport) throws {
        let bootID = try Inspector().readBootID()
        let journal = JournalFile(state)
        // The service that waits for the deadline has the lock for moments.
        let lock = try Lock(state, waitingUpTo: max(wait.limit, .seconds(3)))
        try withExtendedLifetime(lock) {
            switch try LastRun(journal, bootID: bootID) {
            case .awaiting(_, let run):
                report.policy = run.policy
                try Executor(.ofThisMachine(state)).confirm(run)
                report.outcome = .confirmed
            case .unfinished(let run): throw run.refusal(journal.place)
            case .damaged(let error): throw error
            case .ofEarlierBoot(let run): report.take(Self.rebooted(bootID, RebootedRun(run)))
            case .settled:
                switch try JournalEnd.find(journal, bootID: bootID) {
                case .confirmed: report.outcome = .alreadyConfirmed
                case .unconfirmed: report.outcome = .rolledBack
                case .rolledBack:
                    report.outcome = .rolledBack
                    report.wasInTime = true
                case .done, .unchanged: report.outcome = .nothingToConfirm
                case nil: report.take(Self.rebooted(bootID))
                }
            }
        }
    }

    /// The run that a reboot cut off, as its journal or else the history tells, with what is so now; nil without such a run.
    ///
    /// A history or a machine that can't be read tells nothing.
    private static func rebooted(_ bootID: String?, _ journaled: RebootedRun? = nil) -> RebootedRun? {
        let history = journaled == nil ? try? History.read(root: "/") : nil
        guard var run = journaled ?? history.flatMap({ RebootedRun($0.records, bootID: bootID) }) else { return nil }
        run.ownersNow = (try? Inspector().read()).map { ownersText($0) } ?? ""
        return run
    }

    /// Rolls the run `name` back once its time is over, one daxswitch at a time: what the timer starts.
    private func rollBack(_ name: String, _ state: StateDirectory, _ report: inout ConfirmReport) throws {
        let waiter = UeventWaiter()
        let bootID = try Inspector().readBootID()
        while true {
            var pause = Duration.seconds(1)
            do {
                let lock = try Lock(state)
                let expiry = try withExtendedLifetime(lock) { try expire(name, state, bootID) }
                switch expiry {
                case .settled:
                    report.outcome = .nothingToConfirm
                    return
                // Nobody may be there to try again.
                case .ended(.stopped(let error, _), _, _) where error.code == .busy: pause = .seconds(10)
                case .ended(let outcome, let policy, let steps):
                    report.take(outcome, policy: policy, steps: steps)
                    return
                case .notYet(let left): pause = left
                }
            } catch let error as ReloadError where error.code == .busy {
                // The run itself goes on, or somebody confirms it.
            }
            let end = waiter.now + pause
            while waiter.now < end { waiter.wait(upTo: end - waiter.now) }
        }
    }

    /// While somebody can still confirm the run, signals are left alone: `confirm` has systemd stop this process.
    private func expire(_ name: String, _ state: StateDirectory, _ bootID: String?) throws(ReloadError) -> Expiry {
        if let run = try AwaitedConfirmation.find(JournalFile(state), bootID: bootID), run.confirmation.run == name {
            let left = run.timeLeft(at: MonotonicClock.now)
            if left > .zero { return .notYet(left) }
        }
        let meter = ProgressMeter()
        return try Executor(.ofThisMachine(state)) { meter.show($0) }.expire(name)
    }
}
