import Iomem
import Machine

/// The hazards of one step in one world, found before the step.
struct StepHazards {
    let step: Step
    let earlier: [Step]
    let machine: MachineState
    let policy: Policy?

    func hazards(before world: KernelModel, _ outcome: StepOutcome) -> [Hazard] {
        var found: [Hazard] = []
        if let refusal = outcome.refusal { found.append(refused(refusal, in: world)) }
        if case .offlineMemory(let range) = step { return found + offlineHazards(range) }
        guard case .unload(let module) = step, outcome.refusal == nil else {
            return found + kernelSwitches() + loadHazards(before: world, outcome)
        }
        switch module {
        case "dax_cxl": found += claimHazards(of: .cxl, in: world)
        case "dax_hmem": found += claimHazards(of: .hmem, in: world)
        case "cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port": found += windowHazards(module, in: world)
        case "kmem":
            found += world.claims.filter { $0.driver == "kmem" }.flatMap { memoryOnline($0, in: world) }
            found += ownerlessMemory.flatMap { memoryOnline($0, in: world) }
        default: break
        }
        return found + kernelSwitches()
    }

    private func refused(_ refusal: String, in world: KernelModel) -> Hazard {
        if case .unload(let module) = step, world.builtin.contains(module) {
            return Hazard(
                id: .builtin,
                subject: module,
                why: "\(module) is part of the kernel image (modules.builtin): it can't be removed (ENOENT)",
                wayOut: "leave \(step) out of the order, or boot a kernel that has \(module) as a module"
            )
        }
        var wayOut = "put what it needs before it in the order"
        if case .load(let module) = step, !world.isHeld, let line = world.modules.lineAgainst(module) {
            wayOut = "take the line out of \(line.path), which daxswitch has not written, and plan anew"
        }
        return Hazard(
            id: .stepRefused,
            subject: "\(step)",
            why: "it is refused: \(refusal)",
            wayOut: wayOut
        )
    }

    private func kernelSwitches() -> [Hazard] {
        guard let module = step.module else { return [] }
        if machine.kernel.modulesDisabled {
            return [
                Hazard(
                    id: .modulesDisabled,
                    subject: "/proc/sys/kernel/modules_disabled",
                    why: "it is 1: no module can be loaded or removed before the next boot (EPERM)",
                    wayOut: "reboot without kernel.modules_disabled=1 in sysctl.d"
                )
            ]
        }
        // Locked down, the kernel takes no module without a valid signature (kernel/module/signing.c: module_sig_check()).
        // A module that came in before and is not signed does not come in again.
        guard case .load = step, let mode = machine.kernel.lockdown, mode != "none",
            machine.modules.loaded[module]?.isUnsigned == true
        else { return [] }
        return [
            Hazard(
                id: .lockdown,
                subject: module,
                why:
                    "the kernel is locked down (\(mode)) and \(module) is not signed: removed, it can't be loaded again (EPERM)",
                wayOut: "sign the module with a key that the kernel trusts, or boot without lockdown"
            )
        ]
    }

    private func claimHazards(of owner: Owner, in world: KernelModel) -> [Hazard] {
        world.claims.filter { $0.owner == owner }.flatMap { memoryOnline($0, in: world) + deviceOpen($0) }
    }

    private func deviceOpen(_ claim: DaxClaim) -> [Hazard] {
        let name = claim.device ?? claim.through
        guard !claim.users.isEmpty else {
            return claim.usersAreKnown ? [] : [usersUnknown(name)]
        }
        let users = claim.users.map { user in
            "\(user.command) (pid \(user.pid)) has /dev/\(name) \(user.isMapped ? "mapped" : "open")"
        }.joined(separator: ", ")
        return [
            Hazard(
                id: .deviceOpen,
                subject: name,
                why: "\(users): who has it mapped gets SIGBUS at the next access",
                wayOut: "stop the process first, or --accept device-open"
            )
        ]
    }

    private func usersUnknown(_ name: String) -> Hazard {
        Hazard(
            id: .deviceOpen,
            subject: name,
            why:
                "/proc does not show the open files of all processes: who has /dev/\(name) open or mapped is not known, "
                + "and who has it mapped gets SIGBUS at the next access",
            wayOut: "give daxswitch CAP_SYS_PTRACE, or --accept device-open"
        )
    }

    private func windowHazards(_ module: String, in world: KernelModel) -> [Hazard] {
        var found: [Hazard] = []
        for region in world.regions where region.isPresent && region.committed {
            let online = world.onlineBlocks.filter(region.range.overlaps)
            if !region.keepsDecoders && !online.isEmpty {
                found.append(liveMemory(online.count, of: region, in: world))
            }
            if !region.keepsDecoders { found += keptOverLost(region, in: world) }
            if !region.keepsDecoders && region.mode == "ram" && policy?.consent.loseRegions != true {
                found.append(regionLost(region, module))
            }
            if region.mode == "pmem" { found += pmemHazards(region, module) }
        }
        for claim in world.claims where claim.owner == .cxl {
            found += memoryOnline(claim, in: world) + deviceOpen(claim)
        }
        for leak in world.leaked where world.meetsKnownWindow(leak) && world.onlineBlocks.contains(where: leak.overlaps)
        {
            found.append(
                Hazard(
                    id: .decodeUnderLiveMemory,
                    subject: "\(leak)",
                    why: "leaked kmem memory at \(leak) is still online: \(step) takes its decoders away",
                    wayOut: "reboot: leaked memory can't be given back"
                )
            )
        }
        return found
    }

    private func liveMemory(_ count: Int, of region: ModelRegion, in world: KernelModel) -> Hazard {
        let isHosts = world.systemRAM.contains(where: region.range.overlaps)
        return Hazard(
            id: .decodeUnderLiveMemory,
            subject: region.name,
            why:
                "\(count) memory blocks of \(region.name) (\(region.range)) are online: \(step) resets the decoders under "
                + "the page allocator and the kernel panics",
            wayOut: isHosts
                ? "none while the host runs: the firmware gave it this memory as its own (System RAM in /proc/iomem)"
                : Self.giveBack(machine, [region.range])
        )
    }

    /// dax_hmem's devices stay when a region goes, over memory that nothing decodes any more.
    private func keptOverLost(_ region: ModelRegion, in world: KernelModel) -> [Hazard] {
        world.claims.filter { $0.owner == .hmem && $0.overlaps(region.range) }.flatMap { claim in
            [
                Hazard(
                    id: .undecodedRange,
                    subject: claim.device ?? claim.through,
                    why:
                        "dax_hmem keeps \(claim.device ?? claim.through) over \(region.range), for which no CXL decoder "
                        + "answers after \(step): onlining it crashes the kernel",
                    wayOut: "put unload:dax_hmem before \(step) in the order"
                )
            ] + deviceOpen(claim)
        }
    }

    /// Devices of kmem that neither dax_hmem nor dax_cxl has made, as those of persistent memory.
    private var ownerlessMemory: [DaxClaim] {
        machine.daxDevices.filter { $0.owner == nil && $0.driver == "kmem" }.map { device in
            DaxClaim(
                owner: .none,
                ranges: device.ranges,
                through: device.name,
                device: device.name,
                driver: device.driver,
                users: device.users
            )
        }
    }

    func regionLost(_ region: ModelRegion, _ module: String) -> Hazard {
        let why =
            region.lockIsIgnored
            ? "its decoders are locked, but this kernel resets them all the same (\(Rule.lockIgnored.id))"
            : "its decoders are not locked (\(Rule.resetOnRemoval.id))"
        return Hazard(
            id: .regionLost,
            subject: region.name,
            why:
                "removing \(module) resets the decoders of \(region.name) (\(region.range)): \(why). The memory behind it "
                + "no longer answers, its contents are lost, and the region does not come back by itself",
            wayOut:
                "keep cxl_acpi out from the start: daxswitch persist hmem, and reboot; dax_hmem then owns the range "
                + "and the decoders stay as firmware left them"
        )
    }

    private func loadHazards(before world: KernelModel, _ outcome: StepOutcome) -> [Hazard] {
        guard case .load(let module) = step else { return [] }
        var found = bridgeHazards(before: world, outcome)
        for after in outcome.worlds {
            found += decoderHazards(before: world, after)
            if after.windowsAreLive && !world.windowsAreLive && module != "cxl_acpi"
                && earlier.contains(.unload("cxl_acpi"))
            {
                found.append(
                    Hazard(
                        id: .selfUndoing,
                        subject: "\(step)",
                        why: "\(step) brings cxl_acpi back, which the order removed before",
                        wayOut: "put `hold` before `unload:cxl_acpi` in the order"
                    )
                )
            }
        }
        return found
    }
}
