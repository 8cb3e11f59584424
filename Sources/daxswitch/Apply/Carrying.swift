import LinuxSystem
import Machine
import Ownership
import Policy
import Reload

extension Proposal {
    /// Carries the plan out, one daxswitch at a time, and says how it ended.
    func carryOut(
        waitingUpTo limit: Duration,
        mayRollBack: Bool,
        accepting accepted: [Hazard.Identifier],
        into report: inout ApplyReport
    ) throws {
        let state = StateDirectory()
        let lock = try Lock(state, waitingUpTo: limit)
        let meter = ProgressMeter(isTerminal: Output.complaintsAreSeen)
        let executor = Executor(.ofThisMachine(state), overrides: overrides) { meter.show($0) }
        var consents = Set(accepted)
        if policy.consent.loseRegions { consents.insert(.regionLost) }
        let outcome = withExtendedLifetime(lock) {
            executor.run(plan, accepting: consents, mayRollBack: mayRollBack, plansAnew: planAnew)
        }
        meter.end()
        report.take(outcome)
    }

    /// The same plan for the machine as it is by then.
    private func planAnew(_ machine: MachineState) throws(PlanningError) -> Plan {
        try Planner(machine: machine, overrides: overrides).plan(policy, leavesIdle: leavesIdle)
    }
}

extension ApplyReport {
    /// How the run ended.
    mutating func take(_ ended: Reload.Outcome) {
        switch ended {
        case .done:
            outcome = .done
            isChanged = true
        case .unchanged(let error):
            fail(Failure(error))
        case .rolledBack(let error):
            outcome = .rolledBack
            self.error = Failure(error, status: .failed)
        case .stopped(let error, let found):
            outcome = .stopped
            isChanged = true
            differences = found
            self.error = Failure(error, status: .stopped)
        }
    }
}
