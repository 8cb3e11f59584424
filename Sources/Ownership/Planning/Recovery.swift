import Iomem
package import Machine

/// A run that was interrupted: what is needed to say how it can come to an end.
package struct Interruption: Sendable, Equatable {
    /// The plan that the run carries out.
    package var plan: Plan
    /// The steps that the run had to do: the plan's, or those of a recovery that was itself cut off.
    package var steps: [Step]
    /// How many of them had ended.
    package var stepsEnded = 0
    /// What it began with.
    package var original: OwnershipGoal
    /// The hazards that were accepted, each for what it is about; nothing else is.
    package var accepted: [Hazard]
    /// It was on its way back already.
    package var wasGoingBack = false
    /// The line of the kernel's log because of which it stopped.
    package var complaint: String?

    /// A run of which no step has ended.
    package init(of plan: Plan, from original: OwnershipGoal, accepted: [Hazard]) {
        self.plan = plan
        steps = plan.steps
        self.original = original
        self.accepted = accepted
    }

    /// What the run is to reach.
    package var target: OwnershipGoal { OwnershipGoal(after: plan, isHeld: original.isHeld) }
}

extension Sequence<Hazard> {
    /// Whether one of these is `hazard`, about the same thing, in whichever words.
    package func covers(_ hazard: Hazard) -> Bool {
        contains { $0.id == hazard.id && $0.subject == hazard.subject }
    }
}

/// How a run that was interrupted can come to an end.
package enum Recovery: Sendable, Equatable {
    /// The machine is as it was before the run.
    case isUndone
    /// These steps lead to the planned result; no steps if the machine already matches it.
    case finish(Plan)
    /// These steps restore what was before.
    case undo(Plan)
    /// Neither is certain; why, and the hazards that stand in the way of finishing.
    case stuck(String, [Hazard])
}

extension Planner {
    /// How `run` can come to an end on this machine: only with the owners before the run or the planned ones.
    ///
    /// - Parameter undoing: Only those that it began with.
    package func recovery(of run: Interruption, undoing: Bool = false) -> Recovery {
        if let module = machine.moduleInChange {
            return .stuck(
                "\(module) is still being loaded or unloaded (/proc/modules). Run `daxswitch recover` again when that has ended, "
                    + "or reboot if it never ends",
                []
            )
        }
        if run.original.differences(on: machine).isEmpty { return .isUndone }
        if let begun = machine.unfinishedRegion, let behind = machine.decoder(behind: begun) {
            let device = behind.memdev ?? "its memory device"
            return .stuck(
                "\(behind.name) has bytes of \(device) behind those that the run has taken for \(begun.name), and the kernel "
                    + "frees the last ones first. Free those of \(behind.name) (`cxl free-dpa -d \(behind.name) \(device)`), "
                    + "then run `daxswitch recover` again",
                []
            )
        }
        if undoing { return undo(run) }
        let rest = predict(Array(run.steps.dropFirst(run.stepsEnded)))
        let finish = [rest, predict(run.steps)].first { leads($0, to: run) }
        if let complaint = run.complaint {
            if let finish, finish.isEmpty { return .finish(finish) }
            return .stuck("the kernel complained during the run (\(complaint)): the kernel's state is unknown", [])
        }
        let undo = wayBack(to: run.original)
        switch (finish, undo) {
        case (_, let undo?) where run.wasGoingBack: return .undo(undo)
        case (let finish?, _): return .finish(finish)
        case (nil, let undo?): return .undo(undo)
        case (nil, nil):
            let hazards = rest.hazards.filter { !run.accepted.covers($0) }
            return .stuck(whyNot(rest, run, hazards), hazards)
        }
    }

    /// Memory goes offline on the way back if the run's policy consents to that.
    private func undo(_ run: Interruption) -> Recovery {
        if let complaint = run.complaint {
            return .stuck("the kernel complained during the run (\(complaint)), so the kernel's state is unknown", [])
        }
        let mayOffline = run.plan.policy?.consent.offlineMemory == true
        if let plan = wayBack(to: run.original, offliningMemory: mayOffline) { return .undo(plan) }
        let why = "no way back to the state before the run is certain"
        guard case .finish = recovery(of: run) else { return .stuck(why, []) }
        return .stuck("\(why). `daxswitch recover` without --undo finishes the run", [])
    }

    /// The owners are compared with those of the run's target: what they mean was judged before it was carried out.
    private func leads(_ plan: Plan, to run: Interruption) -> Bool {
        plan.hazards.allSatisfy { run.accepted.covers($0) || $0.id.scope == .outcome }
            && (plan.prediction.isCertain || run.accepted.contains { $0.id == .nondeterministic })
            && run.target.differences(from: OwnershipGoal(after: plan, isHeld: machine.isHeld)).isEmpty
    }

    private func whyNot(_ rest: Plan, _ run: Interruption, _ hazards: [Hazard]) -> String {
        let differences = run.target.differences(from: OwnershipGoal(after: rest, isHeld: machine.isHeld))
        let reason =
            hazards.first.map { "\($0.id.rawValue) (\($0.subject)): \($0.why)" } ?? differences.first
            ?? rest.prediction.missingFacts.first ?? "the result is not certain"
        return "the remaining steps can't be done (\(reason)), and a complete rollback is not certain"
    }
}

extension Planner {
    /// The plan that restores `original` on this machine; nil if the model is not certain of any.
    ///
    /// It has no steps if the machine is as it was.
    ///
    /// A region that the run has begun and not finished is deleted before the first step.
    ///
    /// - Parameter offliningMemory: Memory that is online in the way may be taken offline.
    package func wayBack(to original: OwnershipGoal, offliningMemory: Bool = false) -> Plan? {
        if let unfinished = machine.unfinishedRegion {
            let cleared = machine.deleting(unfinished).givingBack(unfinished)
            return try? Planner(machine: cleared, overrides: overrides)
                .wayBack(to: original, offliningMemory: offliningMemory)
        }
        let unbound = start.models.flatMap(\.unboundHmem).uniqued()
        let plain = candidates(to: original, unbound: unbound)
        // Regions that the run has lost are created again, and none that were lost before it.
        let ways =
            plain.map { restoringRegions($0) }.filter { way in
                let created = way.filter { $0.verb == .restoreRegion }.compactMap(\.range)
                return !created.isEmpty && created.allSatisfy { original.regions?.contains($0) == true }
            } + plain
        let offline = offliningMemory ? machine.onlineMemory.map(Step.offlineMemory) : []
        // Regions that were not there go with CXL's drivers alone: no step deletes a committed one.
        let hasNewRegions = !original.newRegions(on: machine).isEmpty
        return (ways + (offline.isEmpty ? [] : ways.map { offline + $0 })).lazy.filter { way in
            !hasNewRegions || way.contains { $0.verb == .unload && $0.module?.hasPrefix("cxl_") == true }
        }.map { predict($0) }.first { plan in
            plan.hazards.allSatisfy { Self.isOriginal.contains($0.id) } && plan.prediction.isCertain
                && original.differences(from: OwnershipGoal(after: plan, isHeld: machine.isHeld)).isEmpty
        }
    }

    /// What is no hazard where it was so before: the comparison with the original finds out what was not.
    static let isOriginal: Set<Hazard.Identifier> = [.orphanedRange]

    /// The modules that policies switch, in the order in which they are loaded (`Rule.pmemNeedsBridge`: cxl_pmem first).
    private static let switched = [
        "cxl_port", "cxl_pmem", "cxl_acpi", "cxl_pci", "cxl_mem", "dax_hmem", "dax_cxl",
    ]

    /// Sequences of steps that may lead to `original`, where dax_hmem was unbound from the devices over `unbound`.
    func candidates(to original: OwnershipGoal, unbound: [AddressRange]) -> [[Step]] {
        let wasLoaded = { (module: String) in [[.live], [.builtin]].contains(original.modules[module]) }
        let loads = (Self.switched + Step.anytime.sorted()).filter(wasLoaded).map(Step.load)
        let gate: [Step] = [original.isHeld ? .hold : .release]
        let surplus = Self.switched.reversed().filter { [[.absent], [.unbound]].contains(original.modules[$0]) }.map(
            Step.unload
        )
        let daxCxl = Step.unload("dax_cxl")
        // A device that dax_hmem was unbound from gives it the range back, once dax_cxl does not hold it.
        let handBack = unbound.filter { range in
            original.ranges.contains { $0.owners == [.hmem] && $0.range.overlaps(range) }
        }.map(Step.bindHmem)
        let ways =
            handBack.isEmpty ? [] : [handBack + gate + surplus + loads, [daxCxl] + handBack + gate + surplus + loads]
        return (ways + [gate + surplus + loads, [daxCxl, .unload("dax_hmem")] + gate + surplus + loads]).map {
            $0 + original.uses
        }
    }
}

extension MachineState {
    /// A module that steps load or remove and that is being loaded or removed just now, by any process; nil without such a module.
    package var moduleInChange: String? {
        Step.modules.sorted().first { modules.state(of: $0) == .changing }
    }

    /// The ranges of dax devices whose memory is online, in address order.
    var onlineMemory: [AddressRange] {
        daxDevices.filter { $0.owner != nil && $0.driver == "kmem" }.flatMap(\.ranges).filter { range in
            memory.blocks(in: range).contains(where: \.isOnline)
        }.sorted { $0.start < $1.start }
    }
}
