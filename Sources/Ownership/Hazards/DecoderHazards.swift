import Iomem
import Machine

// The hazards of decoders that go, and of memory that no decoder answers for: onlining it crashes the kernel.
extension StepHazards {
    /// What goes with the windows, or with the memory devices.
    func windowHazards(_ module: String, in model: KernelModel) -> [Hazard] {
        let regions = model.regions.filter { $0.isPresent && $0.isCommitted }
        if regions.isEmpty { return deviceHazards(in: model) { $0.owner == .cxl } + leakedHazards(in: model) }
        let use = RegionUse(in: model)
        return regions.flatMap { regionHazards($0, module, use, in: model) }
            + deviceHazards(in: model) { $0.owner == .cxl } + leakedHazards(in: model)
    }

    private func regionHazards(
        _ region: ModelRegion,
        _ module: String,
        _ use: RegionUse,
        in model: KernelModel
    ) -> [Hazard] {
        var found: [Hazard] = []
        if region.losesDecoders {
            let online = use.online.places(overlapping: region.range).count
            if online > 0 { found.append(liveMemory(online, of: region, use, in: model)) }
            found += keptOverLost(region, use)
            if region.mode == "ram" && policy?.consent.loseRegions != true {
                found.append(regionLost(region, module, use, in: model))
            }
        }
        return region.mode == "pmem" ? found + pmemHazards(region, module, use, in: model) : found
    }

    private func liveMemory(_ count: Int, of region: ModelRegion, _ use: RegionUse, in model: KernelModel) -> Hazard {
        let isHosts = use.systemRAM.overlaps(region.range)
        return Hazard(
            id: .decodeUnderLiveMemory,
            subject: region.name,
            ranges: [region.range],
            why: model.onlineWords(
                count,
                of: "\(region.name) (\(region.range))",
                region.lock == .unknown
                    ? "\(doing(step)) may reset the decoders of memory in use; the kernel would then panic"
                    : "\(doing(step)) resets the decoders of memory in use; the kernel panics"
            ),
            fix: isHosts
                ? "none while the host runs: the firmware reports this memory as System RAM (/proc/iomem)"
                : use.leaked.overlaps(region.range)
                    ? Self.leakedFix
                    : model.constants.giveBack([region.range])
        )
    }

    /// dax_hmem's devices stay when a region goes, over memory that nothing decodes any longer.
    private func keptOverLost(_ region: ModelRegion, _ use: RegionUse) -> [Hazard] {
        use.hmemClaims(over: region.range).flatMap { claim in
            [
                Hazard(
                    id: .undecodedRange,
                    subject: claim.name,
                    ranges: claim.ranges,
                    why:
                        "dax_hmem keeps \(claim.name) over \(region.range), but no CXL decoder maps it "
                        + "after \(step). If it goes online, the kernel crashes",
                    fix: "put unload:dax_hmem before \(step) in the order"
                )
            ] + deviceOpen(claim)
        }
    }

    func regionLost(_ region: ModelRegion, _ module: String, _ use: RegionUse, in model: KernelModel) -> Hazard {
        let decoders = "the decoders of \(region.name) (\(region.range))"
        let reset =
            switch region.lock {
            case .ignored:
                "resets \(decoders). They are locked, but this kernel resets locked decoders, too "
                    + "(\(Rule.lockIgnored.id)). The"
            case .unknown:
                "may reset \(decoders): \(model.whyLockIsUnknown). If they are reset, the"
            case .unlocked, .honoured:
                "resets \(decoders), which are not locked (\(Rule.resetOnRemoval.id)). The"
            }
        return Hazard(
            id: .regionLost,
            subject: region.name,
            ranges: [region.range],
            why:
                "\(doing(step)) \(reset) memory can't be reached any longer, "
                + (contents(ofPmem: region, in: model)
                    ?? "its contents are lost, and the region does not come back by itself")
                + unrestorable(region, in: model),
            fix: wantsHmem && advice.canBeHmem
                ? "run `\(model.constants.persistHmem)` and reboot: cxl_acpi is then never loaded, dax_hmem owns the "
                    + "range, and the decoders stay as the firmware set them\(use.kexecAdvice)"
                : "leave \(module) loaded. A region that the firmware made is there again after a reboot; one made by hand is not"
        )
    }

    /// Why it can't be created again, if the policy consents to that.
    private func unrestorable(_ region: ModelRegion, in model: KernelModel) -> String {
        guard policy?.consent.restoreRegions == true else { return "" }
        let gone = model.without(region)
        return gone.whyNotRestorable(region.range).map { ". It can't be created again: \($0)" } ?? ""
    }

    /// The steps are meant to make dax_hmem own the memory. A bare order does not say what it is for.
    private var wantsHmem: Bool { policy.map { $0.want.coveredByRegion == .hmem } ?? earlier.contains(.hold) }

    private func leakedHazards(in model: KernelModel) -> [Hazard] {
        if model.leaked.isEmpty { return [] }
        let online = RangeIndex(model.onlineBlocks)
        return model.leaked.filter { model.constants.meetsWindow($0) && online.overlaps($0) }.map { leak in
            Hazard(
                id: .decodeUnderLiveMemory,
                subject: "\(leak)",
                ranges: [leak],
                why: "\(leak) would still be online without a driver when \(doing(step)) resets its decoders",
                fix: Self.leakedFix
            )
        }
    }

    private static let leakedFix = "reboot: leaked memory can't be taken offline"

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
        let ofAccelerators = RangeIndex(after.constants.acceleratorMemory)
        let reset = RangeIndex(after.reset)
        return taken.flatMap { range in
            let empty = under.empty(in: range)
            let dead = undecodedBytes.intersections(with: range).merged().flatMap { $0.subtracting(empty) }
            let doubtful = doubt.intersections(with: range).merged()
                .flatMap(committed.remainder).flatMap { $0.subtracting(dead) }
            let used = ofAccelerators.intersections(with: range)
            return used.map(usedByAccelerator) + (dead.isEmpty ? [] : [undecoded(dead, reset, in: after)])
                + (empty.isEmpty ? [] : [withoutMemory(empty, of: range, in: after)])
                + (doubtful.isEmpty ? [] : [maybeUndecoded(doubtful, after.constants)])
        }
    }

    private func usedByAccelerator(_ bytes: AddressRange) -> Hazard {
        Hazard(
            id: .doubleClaim,
            subject: "\(bytes)",
            ranges: [bytes],
            why:
                "dax_hmem takes \(bytes), but the driver of an accelerator uses it. Two drivers would use the same memory",
            fix: "leave it to the driver of the accelerator, or remove that driver first"
        )
    }

    private func undecoded(_ bytes: [AddressRange], _ reset: RangeIndex, in model: KernelModel) -> Hazard {
        let subject = bytes.words
        // The order itself has had them reset.
        let isLostHere = bytes.allSatisfy(reset.overlaps)
        let isDoubtful = isLostHere && model.assumptions[.keptDecoders] != nil
        return Hazard(
            id: .undecodedRange,
            subject: subject,
            ranges: bytes,
            why: isDoubtful
                ? "dax_hmem takes \(subject), but its CXL decoders may be reset by then. If it goes online, the kernel crashes"
                : "dax_hmem takes \(subject), but no CXL decoder maps it. If it goes online, the kernel crashes",
            fix: isLostHere
                ? "see the hazard region-lost"
                : "leave it to CXL, or \(model.constants.regionAdvice(over: bytes))\(model.constants.lossAdvice(over: bytes))"
        )
    }

    /// The HMEM range is one of the SRAT, and larger than the memory in it.
    private func withoutMemory(_ bytes: [AddressRange], of range: AddressRange, in model: KernelModel) -> Hazard {
        let memory = model.constants.under.memory(in: range)
        return Hazard(
            id: .undecodedRange,
            subject: bytes.words,
            ranges: bytes,
            why: "dax_hmem takes the whole SRAT range \(range), but only \(memory.words) is memory "
                + "(\(Rule.sratRangeWhole.id)). If the rest goes online, the kernel crashes"
                + (model.constants.onlinesBlocks ? "; on this host new memory goes online by itself" : ""),
            fix: (wantsHmem && model.constants.meetsWindow(range) ? "leave it to CXL (daxswitch plan cxl); or " : "")
                + model.constants.advice(forMemoryIn: range)
        )
    }

    /// The decoders are out of sight, and somebody may have had them reset.
    private func maybeUndecoded(_ bytes: [AddressRange], _ constants: ModelConstants) -> Hazard {
        let subject = bytes.words
        let doubt = constants.doubt
        let reasons = doubt.reasons.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
        return Hazard(
            id: .undecodedRange,
            subject: subject,
            ranges: bytes,
            why:
                "dax_hmem takes \(subject), but its CXL decoder may have been reset. No decoder is visible: "
                + "\(reasons.joined(separator: ". ")). If \(subject) goes online without a decoder, the kernel crashes",
            fix: doubt.remedy == .rebootWithoutDrivers && !advice.canBeHmem
                ? "leave it to CXL" : doubt.remedy.words(constants.persistHmem)
        )
    }
}

/// What is in use over the regions of a model: asked about each region in O(log n).
struct RegionUse {
    /// The online memory blocks.
    let online: RangeIndex
    /// The kernel's own memory since the boot.
    let systemRAM: RangeIndex
    /// `KernelModel.leaked`.
    let leaked: RangeIndex
    /// `KernelModel.kexecAdvice`.
    let kexecAdvice: String
    private let hmem: [DaxClaim]
    private let holders: HolderIndex

    init(in model: KernelModel) {
        online = RangeIndex(model.onlineBlocks)
        systemRAM = RangeIndex(model.constants.systemRAM)
        leaked = RangeIndex(model.leaked)
        kexecAdvice = model.kexecAdvice
        let hmem = model.claims.filter { $0.owner == .hmem }
        self.hmem = hmem
        holders = HolderIndex(hmem.map(\.ranges))
    }

    /// The devices of dax_hmem over `range`, in the order of the model.
    func hmemClaims(over range: AddressRange) -> [DaxClaim] {
        holders.places(overlapping: range).map { hmem[$0] }
    }
}

extension DecoderDoubt.Remedy {
    /// - Parameter persistHmem: The command after which dax_hmem owns the memory from the next boot on.
    fileprivate func words(_ persistHmem: String) -> String {
        switch self {
        case .showDecoders(let command): "run `\(command)`, then plan again; or reboot"
        case .reboot: "reboot: the firmware then programs the decoders again"
        case .rebootWithoutDrivers:
            "run `\(persistHmem)` and reboot: cxl_acpi is then not loaded, and no driver changes the decoders"
        }
    }
}
