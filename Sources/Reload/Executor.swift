public import Machine
public import Ownership

/// Carries a plan out: journal, step, settle, watch the kernel's log, verify; rolls back where the model is certain.
///
/// It decides nothing: what is dangerous, what was predicted and which way leads back is asked of `Ownership`.
public struct Executor {
    private let surfaces: Surfaces
    private let state: StateDirectory
    private let deadlines: Deadlines
    private let overrides: Overrides
    private let report: (Progress) -> Void

    /// An executor on `surfaces`, which keeps its files below `state`.
    public init(
        _ surfaces: Surfaces,
        state: StateDirectory,
        deadlines: Deadlines = Deadlines(),
        overrides: Overrides = Overrides(),
        report: @escaping (Progress) -> Void = { _ in }
    ) {
        self.surfaces = surfaces
        self.state = state
        self.deadlines = deadlines
        self.overrides = overrides
        self.report = report
    }

    /// Carries out `plan`, whose hazards in `accepted` are taken on purpose. The caller holds the lock.
    ///
    /// `plansAnew` makes the plan for a machine once more: a plan that comes out differently is not carried out.
    public func run(
        _ plan: Plan,
        accepting accepted: Set<Hazard.Identifier>,
        mayRollBack: Bool = true,
        plansAnew: (MachineState) throws(PlanningError) -> Plan
    ) -> Outcome {
        let settling = Settling(surfaces: surfaces, deadlines: deadlines)
        let original: MachineState
        let journal: Journal
        do {
            original = try settling.read()
            try checkUnchanged(plan, original, plansAnew)
            try checkNoUnfinishedRun(original)
            journal = try Journal(state, plan: plan, bootID: original.kernel.bootID)
        } catch {
            return .unchanged(error)
        }
        let steps = StepRunner(
            surfaces: surfaces,
            settling: settling,
            original: original,
            overrides: overrides.fixed(for: original),
            accepted: accepted,
            report: report
        )
        _ = surfaces.messages.newLines()
        let machine: MachineState
        do {
            try carryOut(plan.steps, steps, journal)
            let (found, differences) = try settling.verify(plan.prediction)
            guard differences.isEmpty else {
                let error = ReloadError(
                    .notAsPredicted,
                    "the machine is not as predicted: \(differences.map(\.what).joined(separator: "; "))"
                )
                return end(error, steps, journal, mayRollBack, differences)
            }
            machine = found
        } catch {
            return end(error, steps, journal, mayRollBack, [])
        }
        // What was verified is not undone because it can't be written down.
        do {
            try journal.write(JournalLine(event: .finished, outcome: "done"))
        } catch {
            return .stopped(error, differences: [])
        }
        surfaces.messages.announce("done")
        return .done(machine)
    }

    private func checkUnchanged(
        _ plan: Plan,
        _ machine: MachineState,
        _ plansAnew: (MachineState) throws(PlanningError) -> Plan
    ) throws(ReloadError) {
        let again: Plan
        do {
            again = try plansAnew(machine)
        } catch {
            throw ReloadError(.machineChanged, error.message)
        }
        guard again.steps == plan.steps, again.prediction.ranges.map(\.owners) == plan.prediction.ranges.map(\.owners),
            Set(again.prediction.hazards.map(\.id)).isSubset(of: plan.prediction.hazards.map(\.id))
        else {
            throw ReloadError(.machineChanged, "the machine has changed since the plan was made: plan anew")
        }
    }

    private func checkNoUnfinishedRun(_ machine: MachineState) throws(ReloadError) {
        guard let run = try UnfinishedRun.find(state, bootID: machine.kernel.bootID) else { return }
        throw ReloadError(
            .unfinishedJournal,
            "an earlier run of policy \(run.policy ?? "?") was cut off after \(run.stepsEnded) of \(run.steps.count) steps "
                + "(\(state.journal)): see `daxswitch status`, then remove the journal to go on"
        )
    }

    private func carryOut(
        _ steps: [Step],
        _ runner: StepRunner,
        _ journal: borrowing Journal
    ) throws(ReloadError) {
        for (index, step) in steps.enumerated() {
            if let signal = surfaces.interrupts.pending {
                throw ReloadError(.interrupted, "\(signal) came before \(step)")
            }
            let machine = try runner.check(before: Array(steps[index...]))
            report(.step(step, index: index, count: steps.count))
            try journal.write(JournalLine(event: .stepBegun, index: index))
            try runner.perform(step, on: machine)
            try journal.write(JournalLine(event: .stepEnded, index: index))
        }
    }

    /// Brings the machine back where that is certain; else leaves it with the journal.
    private func end(
        _ error: ReloadError,
        _ runner: StepRunner,
        _ journal: borrowing Journal,
        _ mayRollBack: Bool,
        _ differences: [Difference]
    ) -> Outcome {
        surfaces.messages.announce("stopped: \(error.message)")
        // After a WARNING or an Oops nobody knows what the kernel holds, whatever it shows: nothing more is tried.
        guard error.code != .kernelTrouble else { return .stopped(error, differences: differences) }
        do {
            let machine = try runner.settling.read()
            if machine.isAsOwned(as: runner.original) {
                try journal.write(JournalLine(event: .finished, outcome: "unchanged"))
                return .unchanged(error)
            }
            guard mayRollBack, let planner = try? Planner(machine: machine, overrides: runner.overrides),
                let steps = planner.wayBack(to: runner.original)
            else { return .stopped(error, differences: differences) }
            try rollBack(steps, runner, journal)
            guard try runner.settling.read().isAsOwned(as: runner.original) else {
                return .stopped(error, differences: differences)
            }
            try journal.write(JournalLine(event: .finished, outcome: "rolled-back"))
            surfaces.messages.announce("rolled back")
            return .rolledBack(error)
        } catch let second {
            let both = ReloadError(error.code, error.description, cause: "rolling back failed: \(second)")
            return .stopped(both, differences: differences)
        }
    }

    /// A signal does not stop it: half of the way back is the worst place to be.
    private func rollBack(
        _ steps: [Step],
        _ runner: StepRunner,
        _ journal: borrowing Journal
    ) throws(ReloadError) {
        report(.rollingBack(steps))
        try journal.write(JournalLine(event: .rollingBack, steps: steps.map(\.description)))
        for (index, step) in steps.enumerated() {
            let machine = try runner.check(before: Array(steps[index...]))
            try journal.write(JournalLine(event: .wayBackBegun, index: index))
            try runner.perform(step, on: machine)
            try journal.write(JournalLine(event: .wayBackEnded, index: index))
        }
    }
}
