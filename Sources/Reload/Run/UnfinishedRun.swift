package import Iomem
package import Ownership
import SavedPlan

/// A run that was interrupted, as its journal shows it.
package struct UnfinishedRun: Sendable, Equatable {
    /// What is needed to end it.
    package var interruption: Interruption
    /// What is known of the kernel for the whole run.
    package var overrides: Overrides
    /// The initial probe was over when it began.
    var probeWasDone: Bool
    /// How many of its steps had begun; one more than had ended where it was cut off within a step.
    package var stepsBegun = 0
    /// The steps back that it had chosen; nil where it was not on its way back.
    package var wayBack: [Step]?
    /// How many of those had ended.
    package var wayBackEnded = 0
    /// Why it stopped, if the kernel complained about something that no step reaches.
    package var complaintElsewhere: String?
    /// The regions that its own steps take away and create again.
    package let absences: [RegionAbsence]
    /// Since when those are gone that it has taken away and not created again, by CLOCK_MONOTONIC; without those of which the
    /// journal does not have the time.
    package private(set) var goneSince: [AddressRange: Duration] = [:]
    /// It went on with other steps than its own.
    private var wasResumed = false
    /// The first line that can't be read, as `FILE:LINE`; what came before it counts.
    package var damage: String?

    /// What was to keep it; nil if it was to stay once it is verified.
    package var confirmation: TimedConfirmation?
    /// Until when somebody can confirm it; nil unless it is done and waits for that.
    private var deadline: Duration?
    /// It was done, nobody confirmed it, and it was not rolled back.
    private var wasAwaited = false

    /// What the run waits for; nil if it was cut off.
    package var awaited: AwaitedConfirmation? {
        guard let confirmation, let deadline else { return nil }
        return AwaitedConfirmation(policy: policy, confirmation: confirmation, deadline: deadline)
    }

    /// The name of the policy it carried out.
    package var policy: String? { interruption.plan.policy?.name }

    /// The run that the journal of this boot shows as interrupted; nil without such a run.
    ///
    /// A last line that was cut off counts as not written, except for the first: a journal gets its name once that is whole
    /// and on the disk, so none of ours is ever empty or cut off there. A journal of another boot is no longer valid.
    /// - Throws: `ReloadError` `.damagedJournal` where nothing can be told from it, `.otherVersion`.
    package static func find(_ store: any JournalStore, bootID: String?) throws(ReloadError) -> UnfinishedRun? {
        guard let bytes = try store.readAll() else { return nil }
        guard let heading = Journal.heading(of: bytes) else { throw damaged("\(store.place):1") }
        if heading.run.bootID != bootID { return nil }
        guard heading.run.schemaVersion == JournalHeader.version else {
            if heading.hasEnded { return nil }
            throw otherVersion(heading.run.schemaVersion, store.place)
        }
        // Most journals are of a run that has ended, and a plan takes much longer to read than the rest.
        if heading.hasEnded && Journal.isWhole(bytes) { return nil }
        return try read(bytes, store.place)
    }

    /// The run that a journal of this version shows as interrupted.
    ///
    /// - Throws: `ReloadError` `.damagedJournal` where nothing can be told from it.
    private static func read(_ bytes: [UInt8], _ place: String) throws(ReloadError) -> UnfinishedRun {
        let (lines, damage) = Journal.lines(of: bytes)
        guard let first = lines.first, first.event == .begun, let header = first.run else {
            throw damaged("\(place):1", cause: damage.map { "\($0.cause)" })
        }
        if let damage, damage.isWhole { throw damaged("\(place):\(damage.line)", cause: "\(damage.cause)") }
        var run = UnfinishedRun(header)
        for line in lines { run.take(line) }
        run.damage = damage.map { "\(place):\($0.line)" }
        return run
    }

    /// Looks that the journal shows no run of this boot as cut off: another one would write over it.
    ///
    /// - Throws: `ReloadError` `.unfinishedJournal` or `.damagedJournal`.
    package static func checkNone(_ store: any JournalStore, bootID: String?) throws(ReloadError) {
        guard let run = try find(store, bootID: bootID) else { return }
        throw run.refusal(store.place)
    }

    /// What is said to whoever would go on as if this run had ended.
    package func refusal(_ place: String) -> ReloadError {
        if let awaited { return awaited.refusal }
        if wasAwaited && wayBack == nil {
            return ReloadError(
                .unfinishedJournal,
                "an earlier run of policy \(policy ?? "?") was not confirmed, and it is not rolled back (\(place)): run "
                    + "`daxswitch recover --undo` to roll it back, or `daxswitch recover` to keep it"
            )
        }
        let done = "\(interruption.stepsEnded) of \(counted(interruption.steps.count))"
        return ReloadError(
            .unfinishedJournal,
            "an earlier run of policy \(policy ?? "?") stopped half-way, after \(done) (\(place)). Run `daxswitch recover`, "
                + "which finishes or undoes it"
        )
    }

    private func counted(_ steps: Int) -> String { steps == 1 ? "1 step" : "\(steps) steps" }

    /// What the journal of a run tells that was interrupted in another boot than this one; nil without such a run.
    static func ofEarlierBoot(_ store: any JournalStore, bootID: String?) throws(ReloadError) -> EarlierRun? {
        guard let bytes = try store.readAll(), let heading = Journal.heading(of: bytes), heading.run.bootID != bootID,
            !heading.hasEnded
        else { return nil }
        // Its kernel state is gone: what can't be read of it is needed no longer.
        guard heading.run.schemaVersion == JournalHeader.version, let run = try? read(bytes, store.place) else {
            return EarlierRun()
        }
        return EarlierRun(
            policy: run.policy,
            wasToBeConfirmed: run.confirmation != nil,
            stepsEnded: run.interruption.stepsEnded,
            steps: run.interruption.steps.count
        )
    }

    private init(_ header: JournalHeader) {
        let asked = header.plan.request.overrides
        overrides = Overrides(generation: header.rules?.value, initialProbe: asked.initialProbe)
        probeWasDone = header.probeWasDone
        interruption = Interruption(of: header.plan, from: header.before, accepted: header.accepted)
        confirmation = header.confirmation
        absences = header.regionAbsences
    }

    private mutating func take(_ line: JournalLine) {
        // Whatever comes after it ends the wait.
        wasAwaited = wasAwaited || deadline != nil
        deadline = nil
        switch line.event {
        case .begun, .wayBackBegun, .finished: break
        case .awaiting: deadline = line.deadline.map { .milliseconds($0) }
        case .stepBegun:
            stepsBegun += 1
            for absence in absences where !wasResumed && absence.removal == line.index {
                goneSince[absence.range] = line.time.map { .milliseconds($0) }
            }
        case .stepEnded:
            interruption.stepsEnded += 1
            for absence in absences where !wasResumed && absence.restoration == line.index {
                goneSince[absence.range] = nil
            }
        case .rollingBack:
            wayBack = line.steps ?? []
            wayBackEnded = 0
            interruption.wasGoingBack = true
        case .wayBackEnded: wayBackEnded += 1
        case .resumed:
            wasResumed = true
            interruption.steps = line.steps ?? []
            interruption.stepsEnded = 0
            interruption.wasGoingBack = false
            stepsBegun = 0
            wayBack = nil
            wayBackEnded = 0
        case .stopped:
            if line.outcome == ReloadError.Code.kernelTrouble.rawValue { interruption.complaint = line.message }
            if line.outcome == ReloadError.Code.kernelTroubleElsewhere.rawValue { complaintElsewhere = line.message }
        }
    }

    private static func otherVersion(_ version: Int, _ place: String) -> ReloadError {
        let writer = version == 2 ? "daxswitch 0.1.0" : "another version of daxswitch"
        return ReloadError(
            .otherVersion,
            "an earlier run of \(writer) stopped half-way, and this version can't read its journal (\(place) has version "
                + "\(version), this one needs \(JournalHeader.version)). Install that version again and run its `daxswitch "
                + "recover`; or reboot, which ends the run and its hold"
        )
    }

    private static func damaged(_ place: String, cause: String? = nil) -> ReloadError {
        ReloadError(
            .damagedJournal,
            "\(place) can't be read, so what an earlier run was doing is not known. `daxswitch status` shows who owns "
                + "what, and `daxswitch recover` moves the journal out of the way",
            cause: cause
        )
    }
}

/// A run that a reboot cut off, as far as its journal can be read.
package struct EarlierRun: Sendable, Equatable {
    /// The name of the policy that it carried out.
    package var policy: String?
    /// Somebody had to confirm it, or else it was to be rolled back.
    package var wasToBeConfirmed = false
    /// How many of its steps had ended.
    package var stepsEnded = 0
    /// How many steps it has.
    package var steps = 0

    package init(policy: String? = nil, wasToBeConfirmed: Bool = false, stepsEnded: Int = 0, steps: Int = 0) {
        self.policy = policy
        self.wasToBeConfirmed = wasToBeConfirmed
        self.stepsEnded = stepsEnded
        self.steps = steps
    }
}

/// What became of the last run, as its journal tells whoever recovers.
package enum LastRun: Sendable, Equatable {
    /// There is no journal, or its run has ended.
    case settled
    /// A run of this boot is done and waits for confirmation.
    case awaiting(UnfinishedRun, AwaitedConfirmation)
    /// A run of this boot was cut off.
    case unfinished(UnfinishedRun)
    /// It is of an earlier boot, whose kernel state is gone.
    case ofEarlierBoot(EarlierRun)
    /// Nothing can be told from it.
    case damaged(ReloadError)

    /// What the journal in `store` tells in the boot `bootID`. - Throws: `ReloadError` where it can't be opened.
    package init(_ store: any JournalStore, bootID: String?) throws(ReloadError) {
        do {
            if let run = try UnfinishedRun.find(store, bootID: bootID) {
                self = run.awaited.map { .awaiting(run, $0) } ?? .unfinished(run)
            } else {
                self = try UnfinishedRun.ofEarlierBoot(store, bootID: bootID).map { .ofEarlierBoot($0) } ?? .settled
            }
        } catch {
            guard error.code == .damagedJournal else { throw error }
            self = .damaged(error)
        }
    }
}
