import Iomem
package import Machine

// The hazards of persistent memory below a cxl_acpi that goes.
extension StepHazards {
    /// What is in use on a pmem region; if nothing is, only the region itself can be lost.
    func pmemHazards(_ region: ModelRegion, _ module: String, _ use: RegionUse, in model: KernelModel) -> [Hazard] {
        guard let namespaces = model.constants.pmem else {
            return [
                pmemInUse(
                    region,
                    "\(region.name) is a pmem region. Whether its namespaces are in use is not known"
                )
            ]
        }
        let active = namespaces.filter { $0.range?.overlaps(region.range) ?? true }
        let users = active.flatMap(\.users)
        guard active.isEmpty else {
            let words = users.isEmpty ? "" : " (\(users.joined(separator: ", ")))"
            let names = active.map(\.name).joined(separator: ", ")
            let known = model.constants.pmemRegions.first { $0.layout.range == region.range }
            let contents = known.map { ". The region has \($0.words)" } ?? ""
            return [
                pmemInUse(
                    region,
                    "\(names) on \(region.name) is active\(words). Unloading \(module) removes it\(contents)"
                )
            ]
        }
        return region.keepsDecoders || policy?.consent.loseRegions == true
            ? [] : [regionLost(region, module, use, in: model)]
    }

    /// What becomes of a region of persistent memory whose decoders are reset, as the end of a sentence; nil for one of ram.
    func contents(ofPmem region: ModelRegion, in model: KernelModel) -> String? {
        guard region.mode == "pmem" else { return nil }
        let known = model.constants.pmemRegions.first { $0.layout.range == region.range }
        return "and the region does not come back by itself (\(Rule.pmemNotFromLabels.id)). It has "
            + (known?.words ?? "namespaces that were not recorded") + ". Its data stays on the memory devices"
    }

    private func pmemInUse(_ region: ModelRegion, _ why: String) -> Hazard {
        Hazard(
            id: .pmemInUse,
            subject: region.name,
            ranges: [region.range],
            why: why,
            fix: "first unmount its file systems and disable its namespaces (`ndctl disable-namespace`)"
        )
    }
}

// A persistent region needs cxl_pmem, the driver of its nvdimm bridge, from the start (Rule.pmemNeedsBridge).
extension KernelModel {
    /// cxl_pmem is not loaded and can be loaded: by a step, by hand, or by udev for the bridge that `cxl_acpi` makes.
    private var awaitsPmemDriver: Bool { !has("cxl_pmem") && constants.modules.refusalToLoad("cxl_pmem") == nil }

    /// The regions that cxl_pmem must not meet.
    var unbridged: [ModelRegion] {
        awaitsPmemDriver ? regions.filter { $0.isPresent && $0.lacksBridge } : []
    }

    /// What is assembled, or may be, between this model and `after` while cxl_pmem is not loaded, in words.
    func unbridged(by after: KernelModel) -> [String] {
        guard after.awaitsPmemDriver else { return [] }
        let known = after.unbridged.map(\.name).filter { name in !unbridged.contains { $0.name == name } }
        if !known.isEmpty { return known }
        return !seesDecoders && after.seesDecoders ? constants.hiddenPmem : []
    }

    /// The memory devices of which persistent regions may wait in decoders unseen.
    ///
    /// Only the memory devices tell: the CEDT's windows take persistent memory almost everywhere.
    func devicesOfHiddenPmem(on machine: MachineState) -> [String] {
        guard constants.generation != .hmemOnly, !constants.windows.isEmpty, !seesDecoders, awaitsPmemDriver else {
            return []
        }
        if let remembered = machine.remembered {
            let known = remembered.regions.map(\.range) + machine.softReserved.map(\.range)
            let others = remembered.decoded.flatMap { $0.subtracting(known) }
            if !others.contains(where: constants.meetsWindow) { return [] }
        }
        return machine.memdevs.filter { $0.persistentSize ?? 0 > 0 }.map(\.name)
    }
}

extension StepHazards {
    /// The kernel dies in this step, or at cxl_pmem's next load after it.
    func bridgeHazards(before model: KernelModel, _ outcome: StepOutcome) -> [Hazard] {
        outcome.models.flatMap { after in
            if after.has("cxl_pmem") { return model.unbridged.map { Hazard.withoutBridge($0, "\(step)") } }
            let devices = model.unbridged(by: after)
            return devices.isEmpty ? [] : [leavesUnbridged(devices.joined(separator: ", "), in: model, after)]
        }
    }

    private func leavesUnbridged(_ subject: String, in model: KernelModel, _ after: KernelModel) -> Hazard {
        let assembles =
            after.unbridged.isEmpty
            ? "\(subject) has persistent memory. Its decoders are not visible and may define a region "
                + "(\(model.whyUnseen)). \(step) would assemble it"
            : "\(step) assembles \(subject)"
        return Hazard(
            id: .pmemWithoutBridge,
            subject: subject,
            why:
                "\(assembles) while cxl_pmem is not loaded, so the region has no nvdimm bridge. The kernel crashes when cxl_pmem "
                + "is loaded after that, and udev loads it at once (\(Rule.pmemNeedsBridge.id))",
            fix: "run `modprobe cxl_pmem` first, or put load:cxl_pmem before \(step) in the order"
        )
    }
}

extension Hazard {
    /// A region that stands without bridge, and what loads cxl_pmem.
    fileprivate static func withoutBridge(_ region: ModelRegion, _ cause: String) -> Hazard {
        Hazard(
            id: .pmemWithoutBridge,
            subject: region.name,
            ranges: [region.range],
            why:
                "\(region.name) was assembled while cxl_pmem was not loaded, so it has no nvdimm bridge. \(cause) crashes the kernel "
                + "(\(Rule.pmemNeedsBridge.id))",
            fix:
                "don't load cxl_pmem before a reboot. For the next boot, load it before cxl_mem: put the line `softdep cxl_mem "
                + "pre: cxl_port cxl_pmem` in /etc/modprobe.d/cxl-pmem.conf, and in the initramfs if it loads cxl_mem"
        )
    }
}

/// What is dangerous about `machine` as it stands, before any step.
package func presentHazards(of machine: MachineState) -> [Hazard] {
    guard let generation = machine.kernel.generation.value else { return [] }
    return KernelModel(of: machine, generation: generation).unbridged.map { region in
        .withoutBridge(region, "Loading cxl_pmem, by hand or by udev (udevadm trigger),")
    }
}
