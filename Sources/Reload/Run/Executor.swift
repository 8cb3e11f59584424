package import Machine
package import Ownership

/// Carries a plan out: journal, step, settle, watch the kernel's log, verify; rolls back where the model is certain.
///
/// It decides nothing: what is dangerous, what was predicted and which way leads back is asked of `Ownership`.
package struct Executor {
    let surfaces: Surfaces
    let deadlines: Deadlines
    let overrides: Overrides
    let report: (Progress) -> Void

    /// An executor on `surfaces`.
    package init(
        _ surfaces: Surfaces,
        deadlines: Deadlines = Deadlines(),
        overrides: Overrides = Overrides(),
        report: @escaping (Progress) -> Void = { _ in }
    ) {
        self.surfaces = surfaces
        self.deadlines = deadlines
        self.overrides = overrides
        self.report = report
    }

    /// Carries out `plan`, whose hazards in `accepted` are taken on purpose. The caller holds the lock.
    ///
    /// `plansAnew` makes the plan for a machine once more: a plan that comes out differently is not carried out.
    package func run(
        _ plan: Plan,
        accepting accepted: Set<Hazard.Identifier>,
        mayRollBack: Bool = true,
        plansAnew: (MachineState) throws(PlanningError) -> Plan
    ) -> Outcome {
        let settling = Settling(surfaces: surfaces, deadlines: deadlines, expectedMessages: plan.expectedMessages)
        let run: JournaledRun
        do {
            let machine = try settling.read()
            try checkUnchanged(plan, machine, plansAnew)
            try UnfinishedRun.checkNone(surfaces.journal, bootID: machine.kernel.bootID)
            let original = OwnershipGoal(of: machine)
            // A module that can't be loaded any more leaves the memory to nobody, and no way back.
            try surfaces.modules.check(PendingLoads(plan.steps, on: machine, original: original))
            let fixed = overrides.fixed(for: machine)
            let header = JournalHeader(plan, on: machine, overrides: fixed, accepted: accepted)
            let journal = Journal(surfaces.journal)
            surfaces.interrupts.note(.halfWay)
            try journal.begin(header)
            run = JournaledRun(
                runner: StepRunner(
                    surfaces: surfaces,
                    settling: settling,
                    target: OwnershipGoal(after: plan, on: machine),
                    probeWasDone: header.probeWasDone,
                    overrides: fixed,
                    accepted: accepted,
                    acceptedSubjects: Set(plan.prediction.hazards.map(\.subject)),
                    report: report
                ),
                journal: journal,
                original: original
            )
        } catch {
            surfaces.interrupts.note(.unchanged)
            return .unchanged(error)
        }
        _ = surfaces.messages.newLines()
        return run.finish(plan, mayRollBack: mayRollBack)
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
            Set(again.prediction.hazards.map { [$0.id.rawValue, $0.subject] })
                .isSubset(of: plan.prediction.hazards.map { [$0.id.rawValue, $0.subject] })
        else {
            throw ReloadError(.machineChanged, "the machine has changed since the plan was made: plan anew")
        }
    }
}
