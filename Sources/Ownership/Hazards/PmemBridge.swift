import Iomem
package import Machine

// A persistent region needs cxl_pmem, the driver of its nvdimm bridge, from the start (Rule.pmemNeedsBridge).
extension KernelModel {
    /// cxl_pmem is out and can come: by a step, by hand, or by udev for the bridge that `cxl_acpi` makes.
    private var awaitsPmemDriver: Bool { !has("cxl_pmem") && modules.refusalToLoad("cxl_pmem") == nil }

    /// The regions that cxl_pmem must not meet.
    var unbridged: [ModelRegion] {
        awaitsPmemDriver ? regions.filter { $0.isPresent && $0.lacksBridge } : []
    }

    /// What is assembled, or may be, between this world and `after` while cxl_pmem is out, in words.
    func unbridged(by after: KernelModel) -> [String] {
        guard after.awaitsPmemDriver else { return [] }
        let known = after.unbridged.map(\.name).filter { name in !unbridged.contains { $0.name == name } }
        if !known.isEmpty { return known }
        return !seesDecoders && after.seesDecoders ? hiddenPmem : []
    }

    /// The memory devices of which persistent regions may wait in decoders unseen.
    ///
    /// Only the memory devices tell: the CEDT's windows take persistent memory almost everywhere.
    func devicesOfHiddenPmem(on machine: MachineState) -> [String] {
        guard generation != .hmemOnly, !windows.isEmpty, !seesDecoders, awaitsPmemDriver else { return [] }
        if let remembered = machine.remembered {
            let known = remembered.regions.map(\.range) + machine.softReserved.map(\.range)
            let others = remembered.decoded.flatMap { $0.subtracting(known) }
            if !others.contains(where: meetsKnownWindow) { return [] }
        }
        return machine.memdevs.filter { $0.persistentSize ?? 0 > 0 }.map(\.name)
    }
}

extension StepHazards {
    /// The kernel dies in this step, or at cxl_pmem's next load after it.
    func bridgeHazards(before world: KernelModel, _ outcome: StepOutcome) -> [Hazard] {
        outcome.worlds.flatMap { after in
            if after.has("cxl_pmem") { return world.unbridged.map { Hazard.withoutBridge($0, "\(step)") } }
            let devices = world.unbridged(by: after)
            return devices.isEmpty ? [] : [leavesUnbridged(devices.joined(separator: ", "), in: world, after)]
        }
    }

    private func leavesUnbridged(_ subject: String, in world: KernelModel, _ after: KernelModel) -> Hazard {
        let assembles =
            after.unbridged.isEmpty
            ? "\(subject) has persistent memory, a region of it may wait in decoders that are not seen "
                + "(\(world.whyUnseen)), and \(step) would assemble it"
            : "\(step) assembles \(subject)"
        return Hazard(
            id: .pmemWithoutBridge,
            subject: subject,
            why: "\(assembles) while cxl_pmem is out: without its nvdimm bridge, it makes the kernel die when cxl_pmem "
                + "comes in after it, which udev loads at once (\(Rule.pmemNeedsBridge.id))",
            wayOut: "run `modprobe cxl_pmem` first, or put load:cxl_pmem before \(step) in the order"
        )
    }
}

extension Hazard {
    /// A region that stands without bridge, and what brings cxl_pmem.
    fileprivate static func withoutBridge(_ region: ModelRegion, _ cause: String) -> Hazard {
        Hazard(
            id: .pmemWithoutBridge,
            subject: region.name,
            why:
                "\(region.name) was assembled while cxl_pmem was out and has no nvdimm bridge: \(cause) makes the kernel "
                + "die (\(Rule.pmemNeedsBridge.id))",
            wayOut:
                "keep cxl_pmem out until a reboot, and have that bring it in before cxl_mem: the line `softdep cxl_mem "
                + "pre: cxl_port cxl_pmem` in /etc/modprobe.d/cxl-pmem.conf, and in the initramfs where that loads cxl_mem"
        )
    }
}

/// What is dangerous about `machine` as it stands, before any step.
package func standingHazards(of machine: MachineState) -> [Hazard] {
    guard let generation = machine.kernel.generation.value else { return [] }
    return KernelModel(of: machine, generation: generation).unbridged.map { region in
        .withoutBridge(region, "loading cxl_pmem, by hand or by udev's next coldplug (udevadm trigger),")
    }
}
