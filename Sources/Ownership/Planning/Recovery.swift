package import Machine

/// A run that was cut off: what is needed to say how it can come to an end.
package struct Interruption: Sendable, Equatable {
    /// The steps that the run had to do.
    package var steps: [Step]
    /// How many of them had ended.
    package var stepsEnded: Int
    /// What it began with.
    package var original: OwnershipGoal
    /// What it was to bring.
    package var target: OwnershipGoal
    /// The hazards that are taken on purpose.
    package var accepted: Set<Hazard.Identifier>
    /// It was on its way back already.
    package var wasGoingBack: Bool
    /// The line of the kernel's log on account of which it stopped.
    package var complaint: String?

    /// A run that was cut off.
    package init(
        steps: [Step],
        stepsEnded: Int,
        original: OwnershipGoal,
        target: OwnershipGoal,
        accepted: Set<Hazard.Identifier>,
        wasGoingBack: Bool,
        complaint: String?
    ) {
        self.steps = steps
        self.stepsEnded = stepsEnded
        self.original = original
        self.target = target
        self.accepted = accepted
        self.wasGoingBack = wasGoingBack
        self.complaint = complaint
    }
}

/// How a run that was cut off can come to an end.
package enum Recovery: Sendable, Equatable {
    /// The machine is as it was before the run.
    case isUndone
    /// These steps bring what the run was to bring; none where the machine is so already.
    case finish(Plan)
    /// These steps bring back what was before.
    case undo(Plan)
    /// Neither is certain; why, and the hazards that stand in the way of finishing.
    case stuck(String, [Hazard])
}

extension Planner {
    /// How `run` can come to an end on this machine: never elsewhere than with the owners it began with or was to bring.
    package func recovery(of run: Interruption) -> Recovery {
        if let module = machine.moduleInChange {
            return .stuck(
                "\(module) is still being loaded or removed (/proc/modules); run daxswitch recover again when that is over, "
                    + "or reboot where it never is",
                []
            )
        }
        if run.original.differences(on: machine).isEmpty { return .isUndone }
        let rest = predict(Array(run.steps.dropFirst(run.stepsEnded)))
        let finish = [rest, predict(run.steps)].first { leads($0, to: run) }
        if let complaint = run.complaint {
            if let finish, finish.isEmpty { return .finish(finish) }
            return .stuck("the kernel complained during the run (\(complaint)): nobody knows what it holds now", [])
        }
        let undo = wayBack(to: run.original).map { predict($0) }
        switch (finish, undo) {
        case (_, let undo?) where run.wasGoingBack: return .undo(undo)
        case (let finish?, _): return .finish(finish)
        case (nil, let undo?): return .undo(undo)
        case (nil, nil):
            let hazards = rest.prediction.hazards.filter { !run.accepted.contains($0.id) }
            return .stuck(whyNot(rest, run, hazards), hazards)
        }
    }

    /// The owners are compared with those of the run's target: what they mean was judged before it was carried out.
    private func leads(_ plan: Plan, to run: Interruption) -> Bool {
        plan.prediction.hazards.allSatisfy { run.accepted.contains($0.id) || $0.id.scope == .outcome }
            && (plan.prediction.isCertain || run.accepted.contains(.nondeterministic))
            && run.target.differences(from: OwnershipGoal(after: plan, on: machine)).isEmpty
    }

    private func whyNot(_ rest: Plan, _ run: Interruption, _ hazards: [Hazard]) -> String {
        let differences = run.target.differences(from: OwnershipGoal(after: rest, on: machine))
        let reason =
            hazards.first.map { "\($0.id.rawValue) (\($0.subject)): \($0.why)" } ?? differences.first
            ?? rest.prediction.missingFacts.first ?? "its outcome is not certain"
        return "the steps that are left can't be done (\(reason)), and no way back to what was before is certain"
    }
}

extension MachineState {
    /// A module that steps load or remove and that is being loaded or removed just now, by whomever; nil where none is.
    package var moduleInChange: String? {
        Step.modules.sorted().first { modules.state(of: $0) == .changing }
    }
}
