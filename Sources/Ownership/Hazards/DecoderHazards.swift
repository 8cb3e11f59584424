import Iomem
import Machine

// The hazards of decoders that go, and of memory that no decoder answers for: onlining it crashes the kernel.
extension StepHazards {
    /// What goes with the windows, or with the memory devices.
    func windowHazards(_ module: String, in model: KernelModel) -> [Hazard] {
        let regions = model.regions.filter { $0.isPresent && $0.isCommitted }
        return regions.flatMap { regionHazards($0, module, in: model) } + deviceHazards(in: model) { $0.owner == .cxl }
            + leakedHazards(in: model)
    }

    private func regionHazards(_ region: ModelRegion, _ module: String, in model: KernelModel) -> [Hazard] {
        var found: [Hazard] = []
        if region.losesDecoders {
            let online = model.onlineBlocks.count { region.range.overlaps($0) }
            if online > 0 { found.append(liveMemory(online, of: region, in: model)) }
            found += keptOverLost(region, in: model)
            if region.mode == "ram" && policy?.consent.loseRegions != true {
                found.append(regionLost(region, module, in: model))
            }
        }
        return region.mode == "pmem" ? found + pmemHazards(region, module, in: model) : found
    }

    private func liveMemory(_ count: Int, of region: ModelRegion, in model: KernelModel) -> Hazard {
        let isHosts = model.constants.systemRAM.contains(where: region.range.overlaps)
        return Hazard(
            id: .decodeUnderLiveMemory,
            subject: region.name,
            ranges: [region.range],
            why: model.onlineWords(count, of: "\(region.name) (\(region.range))")
                + (region.lock == .unknown
                    ? "\(step) may reset the decoders under the page allocator, and the kernel would panic"
                    : "\(step) resets the decoders under the page allocator and the kernel panics"),
            wayOut: isHosts
                ? "none while the host runs: the firmware gave it this memory as its own (System RAM in /proc/iomem)"
                : model.leaked.contains(where: region.range.overlaps)
                    ? Self.leakedWayOut
                    : model.constants.giveBack([region.range])
        )
    }

    /// dax_hmem's devices stay when a region goes, over memory that nothing decodes any more.
    private func keptOverLost(_ region: ModelRegion, in model: KernelModel) -> [Hazard] {
        model.claims.filter { $0.owner == .hmem && $0.overlaps(region.range) }.flatMap { claim in
            [
                Hazard(
                    id: .undecodedRange,
                    subject: claim.name,
                    ranges: claim.ranges,
                    why:
                        "dax_hmem keeps \(claim.name) over \(region.range), for which no CXL decoder "
                        + "answers after \(step): onlining it crashes the kernel",
                    wayOut: "put unload:dax_hmem before \(step) in the order"
                )
            ] + deviceOpen(claim)
        }
    }

    func regionLost(_ region: ModelRegion, _ module: String, in model: KernelModel) -> Hazard {
        let decoders = "the decoders of \(region.name) (\(region.range))"
        let reset =
            switch region.lock {
            case .ignored:
                "resets \(decoders): its decoders are locked, but this kernel resets them all the same "
                    + "(\(Rule.lockIgnored.id)). The"
            case .unknown:
                "may reset \(decoders): \(model.whyLockIsUnknown). If they are reset, the"
            case .unlocked, .honoured:
                "resets \(decoders): its decoders are not locked (\(Rule.resetOnRemoval.id)). The"
            }
        return Hazard(
            id: .regionLost,
            subject: region.name,
            ranges: [region.range],
            why:
                "removing \(module) \(reset) memory behind it no longer answers, its contents are lost, and the region does "
                + "not come back by itself",
            wayOut: wantsHmem && advice.canBeHmem
                ? "keep cxl_acpi out from the start: \(model.constants.persistHmem), and reboot; dax_hmem then owns the "
                    + "range and the decoders stay as firmware left them\(model.kexecAdvice)"
                : "leave \(module) loaded; a reboot loads all modules again and keeps the region"
        )
    }

    /// The steps were asked for so that dax_hmem owns the memory; of a bare order nobody says what it is for.
    private var wantsHmem: Bool { policy.map { $0.want.coveredByRegion == .hmem } ?? earlier.contains(.hold) }

    private func leakedHazards(in model: KernelModel) -> [Hazard] {
        if model.leaked.isEmpty { return [] }
        let online = RangeIndex(model.onlineBlocks)
        return model.leaked.filter { model.constants.meetsWindow($0) && online.overlaps($0) }.map { leak in
            Hazard(
                id: .decodeUnderLiveMemory,
                subject: "\(leak)",
                ranges: [leak],
                why: "leaked kmem memory at \(leak) is still online: \(step) takes its decoders away",
                wayOut: Self.leakedWayOut
            )
        }
    }

    private static let leakedWayOut = "reboot: leaked memory can't be given back"

    /// What dax_hmem takes between `model` and `after` that is not decoded, or may not be.
    func takenHazards(before model: KernelModel, _ after: KernelModel) -> [Hazard] {
        if after.claims == model.claims { return [] }
        let before = Dictionary(grouping: model.claims.filter { $0.owner == .hmem }) { $0.ranges.first }
        let taken = after.claims.filter { claim in
            claim.owner == .hmem && before[claim.ranges.first]?.contains(claim) != true
        }.flatMap(\.ranges)
        if taken.isEmpty { return [] }
        let committed = RangeIndex(after.regions.filter { $0.isPresent && $0.isCommitted }.map(\.range))
        let undecodedBytes = RangeIndex(after.undecoded)
        let doubt = RangeIndex(after.constants.doubt.ranges)
        let under = after.constants.under
        return taken.flatMap { range in
            let empty = under.empty(in: range)
            let dead = undecodedBytes.intersections(with: range).merged().flatMap { $0.subtracting(empty) }
            let doubtful = doubt.intersections(with: range).merged()
                .flatMap(committed.remainder).flatMap { $0.subtracting(dead) }
            let used = after.constants.acceleratorMemory.compactMap(range.intersection)
            return used.map(usedByAccelerator) + (dead.isEmpty ? [] : [undecoded(dead, in: after)])
                + (empty.isEmpty ? [] : [withoutMemory(empty, of: range, in: after)])
                + (doubtful.isEmpty ? [] : [maybeUndecoded(doubtful, after.constants.doubt)])
        }
    }

    private func usedByAccelerator(_ bytes: AddressRange) -> Hazard {
        Hazard(
            id: .doubleClaim,
            subject: "\(bytes)",
            ranges: [bytes],
            why: "dax_hmem takes \(bytes), which the driver of an accelerator uses: two drivers then use one memory",
            wayOut: "leave it to the accelerator's driver, or remove that driver first"
        )
    }

    private func undecoded(_ bytes: [AddressRange], in model: KernelModel) -> Hazard {
        let subject = bytes.words
        // The order itself has had them reset.
        let isLostHere = bytes.allSatisfy { bytes in model.reset.contains(where: bytes.overlaps) }
        let isDoubtful = isLostHere && model.assumptions[.keptDecoders] != nil
        return Hazard(
            id: .undecodedRange,
            subject: subject,
            ranges: bytes,
            why: isDoubtful
                ? "dax_hmem takes \(subject), whose CXL decoders may be reset by then: onlining it would crash the kernel"
                : "dax_hmem takes \(subject), which no CXL decoder answers for: onlining it crashes the kernel",
            wayOut: isLostHere
                ? "as for region-lost"
                : "\(model.constants.regionAdvice(over: bytes)), or leave it to CXL"
        )
    }

    /// The HMEM range is one of the SRAT, and larger than the memory in it.
    private func withoutMemory(_ bytes: [AddressRange], of range: AddressRange, in model: KernelModel) -> Hazard {
        let memory = model.constants.under.memory(in: range)
        return Hazard(
            id: .undecodedRange,
            subject: bytes.words,
            ranges: bytes,
            why: "dax_hmem takes \(range), one range of the SRAT, whole, and of that only \(memory.words) is memory "
                + "(\(Rule.sratRangeWhole.id)): putting the rest online crashes the kernel"
                + (model.constants.onlinesBlocks ? ", and new memory goes online by itself here" : ""),
            wayOut: (wantsHmem && model.constants.meetsWindow(range) ? "leave it to CXL (daxswitch plan cxl); or " : "")
                + model.constants.advice(forMemoryIn: range)
        )
    }

    /// The decoders are out of sight, and somebody may have had them reset.
    private func maybeUndecoded(_ bytes: [AddressRange], _ doubt: DecoderDoubt) -> Hazard {
        let subject = bytes.words
        return Hazard(
            id: .undecodedRange,
            subject: subject,
            ranges: bytes,
            why:
                "dax_hmem takes \(subject), and it may be that no CXL decoder answers for it any more, since none is seen "
                + "(\(doubt.reasons.joined(separator: "; "))): onlining it would crash the kernel",
            wayOut: doubt.remedy == .rebootWithoutDrivers && !advice.canBeHmem
                ? "leave it to CXL" : doubt.remedy.words
        )
    }
}

extension DecoderDoubt.Remedy {
    fileprivate var words: String {
        switch self {
        case .showDecoders(let command): "run `\(command)`, then plan again; or reboot"
        case .reboot: "reboot: the decoders are then as the firmware leaves them"
        case .rebootWithoutDrivers:
            "reboot with cxl_acpi kept out (daxswitch persist hmem): no driver then touches the decoders"
        }
    }
}
