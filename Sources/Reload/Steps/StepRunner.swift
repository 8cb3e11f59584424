import Inspection
import Iomem
import Machine
import Ownership

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

    /// The machine as it is, where the first of `steps`, all that are left, may be done on it.
    ///
    /// What would crash or lose something is looked for again, right before the step, and whether the steps still
    /// lead to `goal`: others may have been at work. What udev loads meanwhile and the steps load too is no difference;
    /// what the kernel is still about (devices that are probed late) gets the time that verification gives it.
    /// - Throws: `ReloadError` `.newHazard`, `.machineChanged`, `.kernelTrouble`, and what reading throws.
    func check(before steps: [Step], bringing goal: OwnershipGoal) throws(ReloadError) -> MachineState {
        let start = surfaces.waiter.now
        while true {
            let machine = try settling.read()
            let differences = try differences(before: steps, bringing: goal, on: machine)
            if differences.isEmpty { return machine }
            guard surfaces.waiter.now - start < settling.deadlines.verification else {
                throw ReloadError(
                    .machineChanged,
                    "another process changed the machine: the remaining steps would not lead to the planned result",
                    cause: differences.joined(separator: "; ")
                )
            }
            surfaces.waiter.wait(upTo: settling.deadlines.interval)
        }
    }

    private func differences(
        before steps: [Step],
        bringing goal: OwnershipGoal,
        on machine: MachineState
    ) throws(ReloadError) -> [String] {
        let moment = steps.first.map { "before \($0)" } ?? "before the end"
        try settling.checkMessages(moment)
        let plan: Plan
        do {
            plan = try Planner(machine: machine, overrides: overrides).predict(steps)
        } catch {
            throw ReloadError(
                .newHazard,
                "the effect of the next steps can't be predicted any longer",
                cause: error.message
            )
        }
        // Half-way, only the owners at the end can be compared with those of `goal`.
        let open = plan.hazards.filter { !accepted.covers($0) && $0.id.scope == .step }
        if let hazard = open.first {
            throw ReloadError(.newHazard, "\(hazard.id.rawValue) (\(hazard.subject)): \(hazard.why)")
        }
        return goal.differences(from: OwnershipGoal(after: plan, isHeld: machine.isHeld))
    }

    /// Does `step` on `machine` and waits until it shows; a signal ends it where `isInterruptible` and it takes long.
    ///
    /// - Throws: `ReloadError` `.stepFailed`, `.notSettled`, `.notPermitted`, `.unavailable`; `.kernelTrouble` in place of
    ///   any of them where the kernel complained.
    func perform(_ step: Step, on machine: MachineState, isInterruptible: Bool = true) throws(ReloadError) {
        surfaces.messages.announce("\(step)")
        let memory = MemorySteps(
            surfaces: surfaces,
            settling: settling,
            report: report,
            isInterruptible: isInterruptible
        )
        do {
            try act(step, machine, memory)
            try settling.settle(step)
        } catch {
            guard !error.endsAll || error.code == .hung, let complaint = settling.newComplaint() else { throw error }
            throw ReloadError(complaint, "the kernel logged an error, and \(error)")
        }
    }

    private func act(_ step: Step, _ machine: MachineState, _ memory: MemorySteps) throws(ReloadError) {
        let binding = BindingSteps(surfaces: surfaces, settling: settling)
        switch step {
        case .hold: try surfaces.hold.hold()
        case .release: try surfaces.hold.release()
        case .load(let module):
            if let driver = machine.modules.builtinDriver(of: module) { return try binding.bind(driver) }
            try surfaces.modules.insert(module, isHeld: machine.isHeld)
        case .offlineMemory(let range): try memory.offline(range, on: machine)
        case .restoreUse(let range, let use): try memory.restore(use, over: range, on: machine)
        case .unbindHmem(let range):
            let kept = try surfaces.facts.kept(bootID: machine.kernel.bootID)
            try binding.unbindHmem(range, on: machine, kept: kept)
        case .bindHmem(let range): try binding.bindHmem(range, on: machine)
        case .bindRegion(let range): try binding.bindRegion(range, on: machine)
        case .splitDevice(let range): try memory.split(range, on: machine)
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
        Overrides(generation: generation ?? machine.kernel.generation.value, initialProbe: initialProbe)
    }
}

extension MachineState {
    /// What must be remembered before `module` goes, because nothing shows it afterwards; nil where nothing is lost.
    ///
    /// Without `cxl_acpi`, `cxl_pci`, `cxl_mem` or `cxl_port` sysfs shows no decoder; without dax_hmem nothing proves that the
    /// initial probe is over. That it is pending is never written down: others may load dax_hmem at any time.
    func factsToKeep(before module: String, kept: RememberedFacts?, probeIsDone: Bool) -> RememberedFacts? {
        guard ["dax_hmem", "cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port"].contains(module),
            windows.contains(where: \.isLive),
            let bootID = kernel.bootID
        else { return nil }
        return RememberedFacts(
            bootID: bootID,
            sleeps: sleeps,
            initialProbe: probeIsDone || kept?.initialProbe == .done ? .done : nil,
            decoders: decodersToRemember(kept: kept?.sleeps == sleeps ? kept?.decoders : nil),
            // They go with dax_hmem.
            unboundHmem: module == "dax_hmem" ? [:] : kept?.unboundHmem ?? [:]
        )
    }
}
