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
        let original: MachineState
        let journal: Journal
        do {
            original = try surfaces.machine.read()
            try checkUnchanged(plan, original, plansAnew)
            try checkNoUnfinishedRun(original)
            journal = try Journal(state, plan: plan, bootID: original.kernel.bootID)
        } catch {
            return .unchanged(error)
        }
        _ = surfaces.messages.newLines()
        do {
            try carryOut(plan.steps, original, journal, accepted)
            let (machine, differences) = try Settling(surfaces: surfaces, deadlines: deadlines).verify(plan.prediction)
            guard differences.isEmpty else {
                let error = ReloadError(
                    .notAsPredicted,
                    "the machine is not as predicted: \(differences.map(\.what).joined(separator: "; "))"
                )
                return end(error, original, journal, mayRollBack, differences)
            }
            try journal.write(JournalLine(event: .finished, outcome: "done"))
            surfaces.messages.announce("done")
            return .done(machine)
        } catch {
            return end(error, original, journal, mayRollBack, [])
        }
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
        _ original: MachineState,
        _ journal: borrowing Journal,
        _ accepted: Set<Hazard.Identifier>
    ) throws(ReloadError) {
        for (index, step) in steps.enumerated() {
            if let signal = surfaces.interrupts.pending {
                throw ReloadError(.interrupted, "\(signal) came before \(step)")
            }
            let machine = try surfaces.machine.read()
            try checkHazards(Array(steps[index...]), machine, accepted)
            report(.step(step, index: index, count: steps.count))
            try journal.write(JournalLine(event: .stepBegun, index: index))
            try perform(step, machine, original)
            try journal.write(JournalLine(event: .stepEnded, index: index))
        }
    }

    /// What would crash or lose something is looked for once more, right before the step: others may have been at work.
    private func checkHazards(
        _ steps: [Step],
        _ machine: MachineState,
        _ accepted: Set<Hazard.Identifier>
    ) throws(ReloadError) {
        guard let planner = try? Planner(machine: machine, overrides: overrides) else { return }
        let hazards = planner.predict(steps).prediction.hazards
        let ofOutcome: Set<Hazard.Identifier> = [.orphanedRange, .nondeterministic, .unbindable]
        let open = hazards.filter { !accepted.contains($0.id) && !ofOutcome.contains($0.id) }
        guard let hazard = open.first else { return }
        throw ReloadError(.newHazard, "\(hazard.id.rawValue) (\(hazard.subject)): \(hazard.why)")
    }

    private func perform(_ step: Step, _ machine: MachineState, _ original: MachineState) throws(ReloadError) {
        surfaces.messages.announce("\(step)")
        switch step {
        case .hold: try surfaces.hold.hold()
        case .release: try surfaces.hold.release()
        case .load(let module): try surfaces.modules.insert(module, isHeld: machine.isHeld)
        case .unload(let module):
            let probeIsDone = [machine, original].contains { $0.initialProbe.value == .done }
            if let facts = machine.factsToKeep(before: module, probeIsDone: probeIsDone) {
                try surfaces.facts.keep(facts)
            }
            try surfaces.modules.remove(module)
        }
        _ = try Settling(surfaces: surfaces, deadlines: deadlines).settle(step)
        if let line = KernelTrouble.first(in: surfaces.messages.newLines()) {
            throw ReloadError(.kernelTrouble, "the kernel complains after \(step)", cause: line)
        }
    }

    /// Brings the machine back where that is certain; else leaves it with the journal.
    private func end(
        _ error: ReloadError,
        _ original: MachineState,
        _ journal: borrowing Journal,
        _ mayRollBack: Bool,
        _ differences: [Difference]
    ) -> Outcome {
        surfaces.messages.announce("stopped: \(error.message)")
        do {
            let machine = try surfaces.machine.read()
            if machine.isAsOwned(as: original) {
                try journal.write(JournalLine(event: .finished, outcome: "unchanged"))
                return .unchanged(error)
            }
            guard mayRollBack, error.code != .kernelTrouble,
                let steps = try? Planner(machine: machine, overrides: overrides).wayBack(to: original)
            else { return .stopped(error, differences: differences) }
            report(.rollingBack(steps))
            try journal.write(JournalLine(event: .rollingBack, steps: steps.map(\.description)))
            for step in steps { try perform(step, try surfaces.machine.read(), original) }
            guard try surfaces.machine.read().isAsOwned(as: original) else {
                return .stopped(error, differences: differences)
            }
            try journal.write(JournalLine(event: .finished, outcome: "rolled-back"))
            return .rolledBack(error)
        } catch let second {
            let both = ReloadError(error.code, error.description, cause: "rolling back failed: \(second)")
            return .stopped(both, differences: differences)
        }
    }
}
