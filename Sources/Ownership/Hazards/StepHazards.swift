import Iomem
import Machine

/// The hazards of one step in one model, found before the step.
struct StepHazards {
    let step: Step
    let earlier: [Step]
    let policy: Policy?
    /// Whether a fix may name `persist hmem`.
    let advice: BootAdvice

    func hazards(before model: KernelModel, _ outcome: StepOutcome) -> [Hazard] {
        var found: [Hazard] = []
        if let refusal = outcome.refusal { found.append(refused(refusal, in: model)) }
        if case .offlineMemory(let range) = step { return found + offlineHazards(range, in: model) }
        if case .unbindHmem(let range) = step {
            return found + deviceHazards(in: model) { $0.owner == .hmem && $0.excludes(range) }
        }
        guard case .unload(let module) = step, outcome.refusal == nil else {
            return found + kernelSwitches(model.constants) + loadHazards(before: model, outcome)
        }
        switch module {
        case "dax_cxl": found += deviceHazards(in: model) { $0.owner == .cxl }
        case "dax_hmem": found += deviceHazards(in: model) { $0.owner == .hmem }
        case "cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port": found += windowHazards(module, in: model)
        case "kmem":
            let devices = model.claims.filter { $0.driver == "kmem" } + model.constants.otherMemory
            let online = RangeIndex(model.onlineBlocks)
            found += devices.flatMap { memoryOnline($0, online, in: model) }
        default: break
        }
        return found + kernelSwitches(model.constants)
    }

    /// The hazards of a step on a single device in a run of them, with which nothing but the devices changes.
    ///
    /// - Parameter online: The online memory blocks of `model`, before the run.
    func hazards(before model: KernelModel, _ effect: DeviceRun.Effect, _ online: RangeIndex) -> [Hazard] {
        (effect.refusal.map { [refused($0, in: model)] } ?? [])
            + effect.going.flatMap { memoryOnline($0, online, in: model) + deviceOpen($0) }
    }

    private func refused(_ refusal: String, in model: KernelModel) -> Hazard {
        if let module = step.module, model.constants.builtin.contains(module) {
            if case .load = step, model.constants.drivers[module]?.isRegistered == false {
                return Hazard(
                    id: .builtin,
                    subject: module,
                    why: refusal,
                    fix:
                        "remove \(KernelCommandLine.initcalls(of: module).joined(separator: ", ")) from initcall_blacklist= on "
                        + "the kernel command line"
                        + (module == "cxl_acpi" ? " (`daxswitch persist cxl --update-boot-loader` does this)" : "")
                        + ", and reboot"
                )
            }
            return Hazard(
                id: .builtin,
                subject: module,
                why: refusal,
                fix: "remove \(step) from the order, or boot a kernel that has \(module) as a module"
            )
        }
        var fix = "put the steps that it needs before it in the order"
        if step.verb == .restoreRegion { fix = restoringFix(refusal, in: model) }
        if case .load(let module) = step, !model.isHeld, let line = model.constants.modules.lineAgainst(module) {
            fix = "remove the line from \(line.path), which daxswitch did not write, and plan again"
        }
        if case .unload(let module) = step {
            let users = model.loaded.filter { model.constants.modules.needs(of: $0).contains(module) }.sorted()
            if !users.isEmpty, users.allSatisfy({ Step.modules.contains($0) }) {
                fix = "put \(users.map { "unload:\($0)" }.joined(separator: " and ")) before \(step) in the order"
            }
        }
        return Hazard(
            id: .stepRefused,
            subject: "\(step)",
            why: (step.verb == .restoreRegion
                ? "this step can't be carried out: " : "the kernel would refuse this step: ")
                + refusal,
            fix: fix
        )
    }

    /// What lets the region of the step be created, or leaves it out.
    private func restoringFix(_ refusal: String, in model: KernelModel) -> String {
        let layout = step.region.flatMap { model.layout(toRestore: $0, step.range) }
        if layout == nil || refusal == KernelModel.withoutLayout { return "use \(KernelModel.layoutSource)" }
        return model.seesDecoders
            ? "remove \(step) from the order"
            : "put load:cxl_acpi, load:cxl_pci and load:cxl_mem before it in the order"
    }

    private func kernelSwitches(_ constants: ModelConstants) -> [Hazard] {
        // A driver that is part of the kernel image is bound and unbound, and no module is loaded or removed.
        guard let module = step.module, !constants.builtin.contains(module) else { return [] }
        if constants.modulesAreDisabled {
            return [
                Hazard(
                    id: .modulesDisabled,
                    subject: "/proc/sys/kernel/modules_disabled",
                    why: "it is 1, so no module can be loaded or unloaded before the next boot (EPERM)",
                    fix: "remove kernel.modules_disabled=1 from sysctl.d and reboot"
                )
            ]
        }
        // Locked down, the kernel takes no module without a valid signature (kernel/module/signing.c: module_sig_check()).
        // A module without a signature that was loaded before can't be loaded again.
        guard case .load = step, let mode = constants.lockdown, constants.unsignedModules.contains(module)
        else { return [] }
        return [
            Hazard(
                id: .lockdown,
                subject: module,
                why:
                    "the kernel is locked down (\(mode)) and \(module) is not signed. Once unloaded, it can't be loaded again (EPERM)",
                fix: "sign the module with a key that the kernel trusts, or boot without lockdown"
            )
        ]
    }

    private func loadHazards(before model: KernelModel, _ outcome: StepOutcome) -> [Hazard] {
        if case .bindHmem = step { return outcome.models.flatMap { takenHazards(before: model, $0) } }
        guard case .load(let module) = step else { return [] }
        var found = bridgeHazards(before: model, outcome)
        for after in outcome.models {
            found += takenHazards(before: model, after)
            if after.windowsAreLive && !model.windowsAreLive && module != "cxl_acpi"
                && earlier.contains(.unload("cxl_acpi"))
            {
                found.append(
                    Hazard(
                        id: .selfUndoing,
                        subject: "\(step)",
                        why: "\(step) loads cxl_acpi again, which an earlier step unloaded",
                        fix: "put `hold` before `unload:cxl_acpi` in the order"
                    )
                )
            }
        }
        return found
    }
}
