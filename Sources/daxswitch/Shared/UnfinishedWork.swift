import Inspection
import LinuxSystem
import Machine
import Ownership
import Persistence
import Reload

/// What an earlier run has left half done, or what one does just now. Nothing ends as if all were well over it.
struct UnfinishedWork: Equatable {
    /// What it is of.
    enum Subject: String, CaseIterable {
        case apply, persist, hold
    }

    /// How it stands; the raw value is the word in the documents.
    enum State: String, CaseIterable {
        /// It was cut off, or it stopped.
        case halfDone = "half-done"
        /// It goes on.
        case running
        /// It was cut off in an earlier boot, whose kernel state is gone.
        case earlierBoot = "earlier-boot"
        /// Its journal can't be read.
        case damaged
        /// Its journal is of another version of daxswitch.
        case otherVersion = "other-version"
    }

    let subject: Subject
    let state: State
    /// What is said of it, and how whoever would go on over it ends.
    let failure: Failure
    /// The command that ends it; nil if no command does.
    var fix: String?

    /// Whether it must be ended before anything else is begun or called done. A hold is something that plans see.
    var isInTheWay: Bool { subject != .hold && [.halfDone, .damaged, .otherVersion].contains(state) }
}

extension UnfinishedWork {
    /// The command that ends a run.
    private static let recover = "daxswitch recover"

    /// What the journals of this machine show in the boot `bootID`.
    ///
    /// - Throws: `ReloadError` or `PersistenceError` where a journal or the lock can't be opened.
    static func journals(
        bootID: String?,
        state: StateDirectory = StateDirectory(),
        system: BootSystem = BootSystem()
    ) throws -> [UnfinishedWork] {
        let found = try unfinished(bootID, state, system)
        guard !found.isEmpty else { return [] }
        // The journal of a run that is at work is unfinished as well.
        do throws(ReloadError) {
            try Lock.waitUntilFree(state)
        } catch {
            guard error.code == .busy else { throw error }
            return found.map { UnfinishedWork(subject: $0.subject, state: .running, failure: Failure(error)) }
        }
        // It may have ended in between.
        return try unfinished(bootID, state, system.unread)
    }

    /// Looks that nothing was cut off on this machine, and that no other daxswitch is about something.
    ///
    /// A run that waits for confirmation is in the way as well.
    /// - Throws: `Failure` that says what it is; `ReloadError` or `PersistenceError` where that can't be found out.
    static func checkNone(bootID: String?, system: BootSystem) throws {
        if let run = try AwaitedConfirmation.find(JournalFile(StateDirectory()), bootID: bootID) {
            throw Failure(run.refusal)
        }
        let found = try journals(bootID: bootID, system: system)
        if let work = found.first(where: { $0.isInTheWay || $0.state == .running }) { throw work.failure }
    }

    /// The hold of `machine`, where it is half of one or nobody needs it, beside `others`.
    static func hold(of machine: MachineState, beside others: [UnfinishedWork] = []) -> [UnfinishedWork] {
        guard let left = machine.leftHold, !others.contains(where: { $0.state == .running }) else { return [] }
        let isOfRun = others.contains { $0.subject == .apply && $0.isInTheWay }
        let fix = isOfRun ? recover : "daxswitch apply \(machine.holdGap == nil ? "cxl" : "POLICY")"
        return [
            UnfinishedWork(
                subject: .hold,
                state: .halfDone,
                failure: Failure(
                    .stopped,
                    code: "left-hold",
                    "\(left). Run `\(fix)`"
                        + (machine.holdGap == nil || isOfRun ? "" : " with the policy that you want")
                ),
                fix: fix
            )
        ]
    }

    private static func unfinished(
        _ bootID: String?,
        _ state: StateDirectory,
        _ system: BootSystem
    ) throws -> [UnfinishedWork] {
        try [run(bootID, JournalFile(state)), choice(system)].compactMap { $0 }
    }

    private static func run(_ bootID: String?, _ journal: JournalFile) throws(ReloadError) -> UnfinishedWork? {
        let last: LastRun
        do { last = try LastRun(journal, bootID: bootID) } catch {
            guard error.code == .otherVersion else { throw error }
            return UnfinishedWork(subject: .apply, state: .otherVersion, failure: Failure(error))
        }
        switch last {
        // A run that waits for confirmation has ended well.
        case .settled, .awaiting: return nil
        case .unfinished(let run):
            let failure = Failure(run.refusal(journal.place))
            return UnfinishedWork(subject: .apply, state: .halfDone, failure: failure, fix: recover)
        case .damaged(let error):
            return UnfinishedWork(subject: .apply, state: .damaged, failure: Failure(error), fix: recover)
        case .ofEarlierBoot:
            let failure = Failure(
                .stopped,
                code: "earlier-boot",
                "a run was interrupted in an earlier boot (\(journal.place)). Its kernel state is gone, so nothing is left to do. "
                    + "`daxswitch recover` moves the journal out of the way"
            )
            return UnfinishedWork(subject: .apply, state: .earlierBoot, failure: failure, fix: recover)
        }
    }

    private static func choice(_ system: BootSystem) throws(PersistenceError) -> UnfinishedWork? {
        do {
            guard try system.journal() != nil else { return nil }
        } catch {
            guard error.code == .damagedJournal else { throw error }
            return UnfinishedWork(subject: .persist, state: .damaged, failure: Failure(error))
        }
        let failure = Failure(
            .stopped,
            code: "unfinished",
            "an earlier persist stopped half-way (\(ChoiceJournal.path)). Run `daxswitch recover`, which restores the files, "
                + "or that persist again"
        )
        return UnfinishedWork(subject: .persist, state: .halfDone, failure: failure, fix: recover)
    }
}

extension MachineRoot {
    /// What is unfinished on `machine`, which was read from here, and in its `system`: a recorded machine has no journals.
    func unfinishedWork(
        on machine: MachineState,
        with system: BootSystem = BootSystem()
    ) throws -> [UnfinishedWork] {
        let journals = isRunning ? try UnfinishedWork.journals(bootID: machine.kernel.bootID, system: system) : []
        return journals + UnfinishedWork.hold(of: machine, beside: journals)
    }
}

extension MachineRoot {
    /// The run that waits for confirmation on `machine`, which was read from here.
    func awaitedConfirmation(on machine: MachineState) throws -> Awaiting? {
        guard isRunning else { return nil }
        return try AwaitedConfirmation.find(JournalFile(StateDirectory()), bootID: machine.kernel.bootID).map {
            Awaiting($0)
        }
    }
}

extension [UnfinishedWork] {
    /// What of it makes a machine differ from what any policy or plan says.
    var differences: [Difference] {
        filter(\.isInTheWay).map { work in
            Difference(
                range: nil,
                expected: ["no unfinished run"],
                found: work.state.rawValue,
                kind: .halfDone,
                what: work.failure.message
            )
        }
    }

    /// The member `unfinished` of documents.
    var members: JSONValue {
        .list(
            map { work in
                [
                    "subject": .text(work.subject.rawValue), "state": .text(work.state.rawValue),
                    "what": .text(work.failure.message), "fix": JSONValue(work.fix),
                ]
            }
        )
    }

    /// What is cut off, as findings: nothing else is to be begun before it is ended.
    var findings: [Finding] {
        filter { $0.isInTheWay || $0.subject == .hold }.map { work in
            Finding(
                .halfDone,
                subject: work.subject.rawValue,
                what: work.failure.message + ".",
                evidence: [work.evidence],
                fix: work.fix.map { "run `\($0)`" } ?? "see the message"
            )
        }
    }

    /// What goes on just now, or is of an earlier boot, for people.
    func lines(_ style: Style) -> [Line] {
        filter { !$0.isInTheWay && $0.subject != .hold }.flatMap { work in
            [style.careful(work.heading)] + wrapped(work.failure.message, indent: 2)
        }
    }
}

extension UnfinishedWork {
    fileprivate var evidence: String {
        switch subject {
        case .apply: "/run/daxswitch/journal: \(state.rawValue)"
        case .persist: "\(ChoiceJournal.path): \(state.rawValue)"
        case .hold: "/run/modprobe.d/00-daxswitch.conf"
        }
    }

    fileprivate var heading: Line { state == .running ? "Running now" : "Earlier boot" }
}
