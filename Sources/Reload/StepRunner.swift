import Machine
import Ownership

/// One step at a time: what could have become dangerous, the step itself, its settling, and the kernel's log.
struct StepRunner {
    let surfaces: Surfaces
    let settling: Settling
    /// The machine before the first step.
    let original: MachineState
    /// What is known of the kernel for the whole run.
    let overrides: Overrides
    /// The hazards that are taken on purpose.
    let accepted: Set<Hazard.Identifier>
    let report: (Progress) -> Void

    /// The machine as it is, where the first of `steps`, all that are left, may be done on it.
    ///
    /// What would crash or lose something is looked for once more, right before the step: others may have been at work.
    /// - Throws: `ReloadError` `.newHazard`, `.kernelTrouble`, and what reading throws.
    func check(before steps: [Step]) throws(ReloadError) -> MachineState {
        let machine = try settling.read()
        try settling.checkMessages("before \(steps.first.map(\.description) ?? "the end")")
        let hazards: [Hazard]
        do {
            hazards = try Planner(machine: machine, overrides: overrides).predict(steps).prediction.hazards
        } catch {
            throw ReloadError(.newHazard, "it can't be told any more what the next steps do", cause: error.message)
        }
        // Verification holds the outcome against what was predicted; half-way through it has no meaning yet.
        let ofOutcome: Set<Hazard.Identifier> = [.orphanedRange, .nondeterministic, .unbindable]
        let open = hazards.filter { !accepted.contains($0.id) && !ofOutcome.contains($0.id) }
        guard let hazard = open.first else { return machine }
        throw ReloadError(.newHazard, "\(hazard.id.rawValue) (\(hazard.subject)): \(hazard.why)")
    }

    /// Does `step` on `machine` and waits until it shows.
    ///
    /// - Throws: `ReloadError` `.stepFailed`, `.notSettled`, `.notPermitted`, `.unavailable`; `.kernelTrouble` in place of
    ///   any of them where the kernel complained.
    func perform(_ step: Step, on machine: MachineState) throws(ReloadError) {
        surfaces.messages.announce("\(step)")
        do {
            try act(step, machine)
            try settling.settle(step)
        } catch {
            guard error.code != .kernelTrouble, let line = KernelTrouble.first(in: surfaces.messages.newLines()) else {
                throw error
            }
            throw ReloadError(.kernelTrouble, "the kernel complains and \(error)", cause: line)
        }
    }

    private var memory: MemorySteps { MemorySteps(surfaces: surfaces, settling: settling, report: report) }

    private func act(_ step: Step, _ machine: MachineState) throws(ReloadError) {
        switch step {
        case .hold: try surfaces.hold.hold()
        case .release: try surfaces.hold.release()
        case .load(let module): try surfaces.modules.insert(module, isHeld: machine.isHeld)
        case .offlineMemory(let range): try memory.offline(range, on: machine)
        case .restoreUse(let range, let use): try memory.restore(use, over: range, on: machine)
        case .unload(let module):
            let kept = try surfaces.facts.kept(bootID: machine.kernel.bootID)
            let probeIsDone = [machine, original].contains { $0.initialProbe.value == .done }
            if let facts = machine.factsToKeep(before: module, kept: kept, probeIsDone: probeIsDone) {
                try surfaces.facts.keep(facts)
            }
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
