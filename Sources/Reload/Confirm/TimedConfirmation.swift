package import Machine
package import Ownership

/// What keeps a run: somebody confirms it in time, or else it is rolled back.
package struct TimedConfirmation: Sendable, Equatable, Codable {
    /// Names the run, and with it the timer: a later run of the same boot has another one.
    package let run: String
    /// How long somebody has after the last step, in seconds.
    package let seconds: Int

    /// A confirmation of a run that begins at `now`, within `limit`.
    package init(within limit: Duration, now: Duration) {
        run = String(now.inMilliseconds, radix: 16)
        seconds = Int(limit.components.seconds)
    }

    /// How long somebody has.
    package var limit: Duration { .seconds(seconds) }

    /// What systemd calls the timer and its service, without `.timer` and `.service`.
    package var unit: String { "daxswitch-confirm-\(run)" }
}

extension TimedConfirmation {
    /// Finds out whether a run of `plan` on `machine` could be rolled back by `timer` once it is done.
    ///
    /// - Throws: `ReloadError` `.noWayBack` or `.noTimer`, with the fix.
    package static func check(
        _ plan: Plan,
        on machine: MachineState,
        _ timer: any RollbackTimer = SystemdTimer()
    ) throws(ReloadError) {
        let way: PlannedReturn
        do {
            way = try Planner(machine: machine, overrides: plan.request.overrides).wayBack(after: plan)
        } catch {
            throw ReloadError(.noWayBack, error.message)
        }
        if case .uncertain(let why) = way {
            throw ReloadError(
                .noWayBack,
                "an unconfirmed run could not be rolled back with certainty: \(why). Nothing was changed. Leave out "
                    + "--confirm-within if you accept that"
            )
        }
        if let obstacle = timer.obstacle { throw obstacle }
    }
}

extension Duration {
    /// Whole milliseconds, of any number of days.
    var inMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

/// A run that is done and verified, and waits for somebody to confirm it.
package struct AwaitedConfirmation: Sendable, Equatable {
    /// The name of the policy that it carried out.
    package let policy: String?
    /// Which run, and how long it waits.
    package let confirmation: TimedConfirmation
    /// Until when, on the clock of `Waiter`: it stands still while the host sleeps, and nobody sets it.
    package let deadline: Duration

    /// How long somebody still has at `now`; zero if the time is over.
    package func timeLeft(at now: Duration) -> Duration { max(deadline - now, .zero) }

    /// The run that the journal of the boot `bootID` shows as waiting; nil without such a run, or if the journal does not show it.
    ///
    /// - Throws: `ReloadError` if the journal can't be opened.
    package static func find(_ store: any JournalStore, bootID: String?) throws(ReloadError) -> AwaitedConfirmation? {
        do {
            return try UnfinishedRun.find(store, bootID: bootID)?.awaited
        } catch {
            guard [.damagedJournal, .otherVersion].contains(error.code) else { throw error }
            return nil
        }
    }

    /// What is said to whoever would begin another run meanwhile.
    package var refusal: ReloadError {
        ReloadError(
            .awaitingConfirmation,
            "the run of policy \(policy ?? "?") waits for confirmation. Run `daxswitch confirm` to keep it, or `daxswitch "
                + "recover --undo` to roll it back now"
        )
    }
}
