import ArgumentParser
import LinuxSystem
import Inspection
import Machine
import Ownership
import Persistence
import Reload

/// `apply`: carries a plan out.
struct ApplyCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        _superCommandName: Daxswitch.name,
        abstract: "Carry out a policy or a saved plan on this machine, and verify the result.",
        discussion: """
            Asks before it starts; scripts use --yes. A hazard stops the plan before anything is changed, unless --accept \
            names it. A saved plan is refused if the machine has changed since.
            """
    )

    @Argument(
        help: ArgumentHelp("A policy, or a file written by plan --out.", valueName: "policy|planfile"),
        completion: .policyNames
    )
    var subject: String

    @Flag(help: "Show what would be done, and change nothing.")
    var dryRun = false

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var json: JSONOption
    @OptionGroup var detail: DetailOptions
    @OptionGroup var colour: ColourOption
    @OptionGroup var wait: WaitOption
    @OptionGroup var consents: ConsentOptions

    @Flag(help: "If a step fails, don't roll back.")
    var noRollback = false

    @Option(
        help: ArgumentHelp(
            "Roll the run back unless somebody runs `daxswitch confirm` within this time: 30s to 24h.",
            valueName: "time"
        )
    )
    var confirmWithin: String?

    /// The time that `--confirm-within` names; nil if it was not given, or is not a time.
    private var timeToConfirm: Duration? { confirmWithin.flatMap { TimeSpan(argument: $0)?.time } }

    var wantsJSON: Bool { json.isOn }
    var onlyPrints: Bool { false }

    func validate() throws {
        if let confirmWithin {
            guard let time = timeToConfirm, (.seconds(30) ... .seconds(86_400)).contains(time) else {
                let hasDigitsOnly = !confirmWithin.isEmpty && confirmWithin.allSatisfy { $0.isASCII && $0.isNumber }
                let fault =
                    hasDigitsOnly ? "has no unit" : timeToConfirm == nil ? "is not a time" : "is too short or too long"
                throw ValidationError("'\(confirmWithin)' \(fault). Use a time from 30s to 24h, for example 5m")
            }
            if noRollback { throw ValidationError("--confirm-within and --no-rollback exclude each other") }
        }
    }

    func execute() throws -> ExitStatus {
        var report = ApplyReport()
        report.accepted = Set(consents.accept)
        do {
            try apply(&report)
        } catch {
            report.fail(error)
        }
        if wantsJSON {
            Output.print(applyDocument(report))
        } else {
            Output.print(applyText(report, detail.detail, style: colour.style))
        }
        if let error = report.error { Output.complain(error.message) }
        if !dryRun && report.status != .usage {
            RunLog.leave(HistoryRecord(report, on: report.machine, time: RunLog.now))
        }
        return report.status
    }

    /// Reads the machine, plans, refuses or asks, carries the plan out and verifies the result.
    private func apply(_ report: inout ApplyReport) throws {
        let asked = try PolicyOrPlan(subject, isActedOn: true)
        let state = StateDirectory()
        // Whoever is at work changes the machine: it is better planned for after the wait.
        let lastHolder = dryRun && wait.seconds == 0 ? nil : try? Lock.waitUntilFree(state, upTo: wait.limit)
        let observer = MachineObserver(state)
        let (seen, files) = try observer.read(with: BootSystem.filesBesideMachine + History.files)
        let machine = seen.machine
        let plan = try asked.plan(for: machine, consents)
        report.take(plan, on: machine)
        if !wantsJSON {
            let text = planText(plan, machine: machine, isCarriedOut: !dryRun, detail.detail, style: colour.style)
            Output.print(text + (detail.quiet ? [] : [""]))
        }
        guard try isToBeDone(plan, on: machine, files, &report) else { return }
        let start = MonotonicClock.now
        let planner = try Planner(machine: machine, overrides: plan.request.overrides)
        let absence = AbsenceMeter(planner.absences(during: plan.steps), during: plan.steps)
        report.take(try carryOut(plan, of: seen, after: lastHolder, observer, absence))
        report.absences = absence.notes
        report.duration = MonotonicClock.now - start
    }

    /// Whether nothing stands against `plan`, it has steps, and somebody wants it done; else the report says why not.
    ///
    /// - Parameter files: What was read with the machine, of the system and of the history.
    private func isToBeDone(
        _ plan: Plan,
        on machine: MachineState,
        _ files: [String: [UInt8]?],
        _ report: inout ApplyReport
    ) throws -> Bool {
        // Whatever a plan says of a machine that is half-way, a run that was interrupted is to be ended first.
        try UnfinishedWork.checkNone(bootID: machine.kernel.bootID, system: BootSystem(known: files))
        if confirmWithin != nil && !plan.isEmpty && !report.isRefused {
            try TimedConfirmation.check(plan, on: machine)
        }
        if dryRun {
            report.outcome = .dryRun
            return false
        }
        if report.isRefused || plan.isEmpty {
            report.outcome = report.isRefused ? .refused : .nothingToDo
            // Others may remove regions later: remembered ones can be restored. A failure here changes nothing.
            if Privilege.current.hazard == nil { try? RunningMachine().remember(machine) }
            return false
        }
        if let hazard = Privilege.current.hazard {
            report.hazards.append(hazard)
            throw Failure(hazard)
        }
        if !wantsJSON, let expected = ExpectedTime(of: plan.steps, known: files) { Output.print(["\(expected.text)"]) }
        try Confirmation(of: "apply", isGiven: yes).ask("Carry this out? [y/N] ")
        return true
    }

    /// Carries the plan out, one daxswitch at a time. The run verifies, and rolls back what failed.
    ///
    /// - Parameters:
    ///   - seen: The reading that the plan was made of; `observer` has listened since.
    ///   - lastHolder: Who had had the lock before it; nil if it was not free.
    private func carryOut(
        _ plan: Plan,
        of seen: Reading,
        after lastHolder: String?,
        _ observer: MachineObserver,
        _ absence: AbsenceMeter
    ) throws -> Reload.Outcome {
        let state = StateDirectory()
        let lock = try Lock(state, waitingUpTo: wait.limit)
        // Another daxswitch that had it since may have changed what nobody announces, as `persist` does.
        let counts = lock.lastHolder == lastHolder
        let meter = ProgressMeter()
        meter.expect(plan.steps, on: seen.machine)
        let executor = Executor(.ofThisMachine(state, observer: observer)) { progress in
            absence.take(progress, at: MonotonicClock.now)
            meter.show(progress)
        }
        let outcome = withExtendedLifetime(lock) {
            executor.run(
                plan,
                of: counts ? seen : nil,
                accepting: plan.request.accepted,
                mayRollBack: !noRollback,
                confirmedWithin: timeToConfirm
            )
        }
        meter.end()
        return outcome
    }
}
