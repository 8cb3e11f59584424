import Inspection
import Iomem
import Machine
import Ownership

/// A step that may be done.
struct ClearedStep {
    let step: Step
    /// The steps behind it.
    let rest: [Step]
    /// The machine right before it.
    let machine: MachineState
    /// The same as it was read.
    let seen: Reading
    /// What the step may make of it; none if that is not certain.
    let expected: [Target]

    /// The first of `steps`, on the machine of `planner`.
    ///
    /// If loads follow a load, udev may have done some of them by then, for devices of the first one.
    fileprivate init(_ step: Step, before rest: [Step], on machine: MachineState, _ seen: Reading, _ planner: Planner) {
        (self.step, self.rest, self.machine, self.seen) = (step, rest, machine, seen)
        let loads = step.verb == .load ? rest.prefix { $0.verb == .load } : []
        expected = (0...loads.count).map { planner.predict([step] + loads.prefix($0)) }
            .filter(\.prediction.isCertain).map { Target(of: $0) }
    }
}

/// One step at a time: what could have become dangerous, the step itself, its settling, and the kernel's log.
struct StepRunner {
    let surfaces: Surfaces
    let settling: Settling
    /// The initial probe was over before the first step.
    let probeWasDone: Bool
    /// What is known of the kernel for the whole run.
    let overrides: Overrides
    /// The hazards that were accepted, each for what it is about: a region or a device that has come since is another one.
    let accepted: [Hazard]
    let report: (Progress) -> Void

    /// The first of `steps`, all that are left, with the machine as it is, where it may be done on it.
    ///
    /// What would crash or lose something is looked for again, right before the step, and whether the steps still
    /// lead to `goal`: others may have been at work. What udev loads meanwhile and the steps load too is no difference;
    /// what the kernel is still about (devices that are probed late) gets the time that verification gives it.
    /// - Parameter seen: The machine as it came to rest after the step before, if it still counts.
    /// - Throws: `ReloadError` `.newHazard`, `.machineChanged`, `.kernelTrouble`, and what reading throws.
    func check(
        before steps: [Step],
        bringing goal: OwnershipGoal,
        seen: Reading? = nil
    ) throws(ReloadError) -> ClearedStep {
        let start = surfaces.waiter.now
        var seen = seen
        while true {
            // A reading from before the first step does not have what was written down since.
            let reading = try settling.current(seen)
            let machine = reading.machine.losing(overrides.regions)
            seen = nil
            let planner = try planner(on: machine, before: steps)
            let differences = try differences(before: steps, bringing: goal, on: machine, planner)
            if differences.isEmpty, let step = steps.first {
                return ClearedStep(step, before: Array(steps.dropFirst()), on: machine, reading, planner)
            }
            // Memory devices can take long to be ready.
            let limit =
                steps.first?.verb == .restoreRegion ? settling.deadlines.block : settling.deadlines.verification
            guard surfaces.waiter.now - start < limit else {
                throw ReloadError(
                    .machineChanged,
                    "another process changed the machine: the remaining steps would not lead to the planned result",
                    cause: differences.joined(separator: "; ")
                )
            }
            settling.waitForChange()
        }
    }

    private func planner(on machine: MachineState, before steps: [Step]) throws(ReloadError) -> Planner {
        let moment = steps.first.map { "before \($0)" } ?? "before the end"
        try settling.checkMessages(moment)
        do {
            return try Planner(machine: machine, overrides: overrides)
        } catch {
            throw ReloadError(
                .newHazard,
                "the effect of the next steps can't be predicted any longer",
                cause: error.message
            )
        }
    }

    private func differences(
        before steps: [Step],
        bringing goal: OwnershipGoal,
        on machine: MachineState,
        _ planner: Planner
    ) throws(ReloadError) -> [String] {
        if let late = steps.first.flatMap(machine.lateDevice) { return [late] }
        let plan = planner.predict(steps)
        // Half-way, only the owners at the end can be compared with those of `goal`.
        let open = plan.hazards.filter { !accepted.covers($0) && $0.id.scope == .step }
        if let hazard = open.first {
            throw ReloadError(.newHazard, "\(hazard.id.rawValue) (\(hazard.subject)): \(hazard.why)")
        }
        return goal.differences(from: OwnershipGoal(after: plan, isHeld: machine.isHeld))
    }

    /// Does a step and waits until it shows; a signal ends it where `isInterruptible` and it takes long.
    ///
    /// - Returns: The machine as it came to rest.
    /// - Throws: `ReloadError` `.stepFailed`, `.notSettled`, `.notPermitted`, `.unavailable`; `.kernelTrouble` in place of
    ///   any of them where the kernel complained.
    func perform(_ cleared: ClearedStep, isInterruptible: Bool = true) throws(ReloadError) -> Reading {
        let step = cleared.step
        surfaces.messages.announce("\(step)")
        let memory = MemorySteps(
            surfaces: surfaces,
            settling: settling,
            report: report,
            isInterruptible: isInterruptible
        )
        do {
            try act(step, cleared.machine, memory)
            return try settling.settle(
                step,
                before: cleared.rest.first,
                from: cleared.seen,
                expecting: cleared.expected
            )
        } catch {
            guard !error.endsAll || error.code == .hung, let complaint = settling.newComplaint() else { throw error }
            throw ReloadError(complaint, "the kernel logged an error, and \(error)")
        }
    }

    /// The machine as it is, without a region that a step has begun and not finished: that one is deleted.
    func deletingUnfinished() throws(ReloadError) -> MachineState {
        let machine = try settling.read()
        guard machine.unfinishedRegion != nil else {
            try surfaces.facts.forgetUnfinished(on: machine)
            return machine
        }
        try RegionSteps(surfaces: surfaces, settling: settling).deleteUnfinished(on: machine)
        return try settling.read()
    }

    private func act(_ step: Step, _ machine: MachineState, _ memory: MemorySteps) throws(ReloadError) {
        let binding = BindingSteps(surfaces: surfaces, settling: settling)
        switch step {
        case .hold: try surfaces.hold.hold()
        case .release: try surfaces.hold.release()
        case .load(let module):
            if let driver = machine.modules.builtinDriver(of: module) { return try binding.bind(driver) }
            // As by udev: libkmod would do nothing either.
            if machine.modules.state(of: module) == .live { return }
            try surfaces.modules.insert(module, isHeld: machine.isHeld)
        case .offlineMemory(let range): try memory.offline(range, on: machine)
        case .restoreUse(let range, let use): try memory.restore(use, over: range, on: machine)
        case .unbindHmem(let range):
            let kept = try surfaces.facts.kept(bootID: machine.kernel.bootID)
            try binding.unbindHmem(range, on: machine, kept: kept)
        case .bindHmem(let range): try binding.bindHmem(range, on: machine)
        case .bindRegion(let range): try binding.bindRegion(range, on: machine)
        case .splitDevice(let range): try memory.split(range, on: machine)
        case .restoreRegion(let name, let range):
            try RegionSteps(surfaces: surfaces, settling: settling).restore(name, range, on: machine)
        case .unload(let module):
            let kept = try surfaces.facts.kept(bootID: machine.kernel.bootID)
            let probeIsDone = probeWasDone || machine.initialProbe.value == .done
            if let facts = machine.factsToKeep(before: module, kept: kept, probeIsDone: probeIsDone) {
                try surfaces.facts.keep(facts)
            }
            if let driver = machine.modules.builtinDriver(of: module) { return try binding.unbind(driver) }
            try surfaces.modules.remove(module)
        }
    }
}

extension Overrides {
    /// With the generation of `machine`, where none is set: a kernel does not change its rules, but with dax_cxl and
    /// dax_hmem out less of it shows.
    func fixed(for machine: MachineState) -> Overrides {
        var fixed = self
        fixed.generation = generation ?? machine.kernel.generation.value
        return fixed
    }
}
