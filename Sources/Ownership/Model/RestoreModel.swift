import Iomem
import Machine

// Making a region again that was committed in this boot and is gone, as `cxl create-region` would.
extension KernelModel {
    /// The region that had `name` is made over the bytes that it had, committed and bound to its driver. What is left of one
    /// that was begun is deleted first (Documentation/ABI/testing/sysfs-bus-cxl; drivers/cxl/core/region.c:
    /// create_region(), commit_store(), cxl_region_probe()).
    func restoring(_ name: String, _ range: AddressRange? = nil) -> StepOutcome {
        guard let layout = layout(toRestore: name, range) else {
            let subject = "the layout of " + (range.map { "\(name) (\($0))" } ?? name)
            return StepOutcome(
                self,
                refusal: constants.earlierFile.map { "\(subject) is neither recorded on this machine nor in \($0)" }
                    ?? "\(subject) is not recorded on this machine"
            )
        }
        return restoring(layout)
    }

    /// The same for the region of this layout.
    func restoring(_ layout: RegionLayout) -> StepOutcome {
        var model = self
        if let place = regions.firstIndex(where: { $0.range == layout.range && $0.isPresent && $0.isCommitted }) {
            guard regions[place].life == .present(.committed), !isInUse(layout.range) else { return StepOutcome(self) }
            model.regions[place].bindAgain(overMemory: false)
        } else if let obstacle = obstacle(toRestoring: layout) {
            return StepOutcome(self, refusal: obstacle)
        } else {
            model.add(layout)
        }
        model.decide(layout.range, [.restoredRegion], "\(layout.name) is created again over \(layout.range)")
        if model.has("dax_cxl") { model.claimRegions() }
        return StepOutcome(model)
    }

    /// As `MachineState.layoutToRestore`.
    func layout(toRestore name: String, _ range: AddressRange? = nil) -> RegionLayout? {
        if let range { return constants.layouts.first { $0.range == range } }
        let named = constants.layouts.filter { $0.name == name }
        return named.first { !hasRegion(over: $0.range) } ?? named.first
    }

    /// Whether some of `range` is System RAM (drivers/cxl/core/region.c: cxl_region_probe() makes no dax region then).
    private func isInUse(_ range: AddressRange) -> Bool { memoryInUse.contains(where: range.overlaps) }

    private mutating func add(_ layout: RegionLayout) {
        regions.removeAll { $0.range == layout.range }
        regions.append(
            ModelRegion(
                name: layout.name,
                range: layout.range,
                lock: .unlocked,
                life: .present(isInUse(layout.range) ? .committed : .assembled)
            )
        )
        restored.append(layout.range)
        reset = reset.flatMap { $0.subtracting([layout.range]) }
        self = withConstants { constants in
            constants.undecoded = constants.undecoded.flatMap { $0.subtracting([layout.range]) }
            constants.doubt.ranges = constants.doubt.ranges.flatMap { $0.subtracting([layout.range]) }
        }
    }

    /// Whether a committed region is over just `range`.
    func hasRegion(over range: AddressRange) -> Bool {
        regions.contains { $0.range == range && $0.hasItsBytes }
    }

    /// Why the region can't be made again as it was, in a clause; nil if it can.
    ///
    /// - Parameter withDrivers: As if the drivers of CXL were in.
    func obstacle(toRestoring layout: RegionLayout, withDrivers: Bool = false) -> String? {
        lastingObstacle(layout) ?? (seesDecoders || withDrivers ? nil : "\(whyUnseen), so no decoder can be programmed")
            ?? deviceObstacle(layout) ?? bytesObstacle(layout) ?? placeObstacle(layout)
    }

    /// Why a region without a layout can't be created again.
    static let withoutLayout = "its layout was not recorded"
    /// What has the layout then, with the option that takes it.
    static let layoutSource = "--regions-from with a capture from before the loss"

    /// Why a region of persistent memory that was recorded is not created again.
    static let persistent =
        "it is persistent memory, which daxswitch never creates; `daxswitch status` shows the command"

    /// What no step changes.
    private func lastingObstacle(_ layout: RegionLayout) -> String? {
        if constants.generation == .hmemOnly { return "this kernel can't create regions of ram" }
        if layout.isOfAccelerator { return "it belongs to an accelerator, whose own driver creates it" }
        if layout.mode.hasPrefix("dynamic_") { return "its capacity is dynamic" }
        if layout.mode != "ram" {
            let isShown = constants.lostPmem.contains(layout.range)
            return isShown ? Self.persistent : "it is persistent memory, which daxswitch never creates"
        }
        if layout.isEmulated {
            return "its memory device may have range registers instead of decoders (it is directly below the root)"
        }
        guard let granularity = layout.granularity, !layout.targets.isEmpty,
            layout.targets.allSatisfy({ $0.device != nil && $0.dpa != nil })
        else { return Self.withoutLayout }
        let isPowerOfTwo = granularity & (granularity &- 1) == 0
        if !(256...16384).contains(granularity) || !isPowerOfTwo {
            return "the kernel does not accept its interleave granularity of \(granularity) bytes"
        }
        let ways = UInt64(layout.targets.count)
        let isWhole = layout.targets.allSatisfy { target in
            target.dpa.map { $0.size.multipliedReportingOverflow(by: ways) == (layout.range.size, false) } ?? false
        }
        // drivers/cxl/core/region.c: cxl_region_attach().
        if !isWhole { return "its size is not that of its devices' bytes (a memory-side cache?)" }
        if Set(layout.targets.map(\.device)).count != layout.targets.count { return "a memory device is in it twice" }
        if layout.range.size % (ModelConstants.regionStep * UInt64(layout.targets.count)) != 0 {
            return "its size is not a multiple of 256 MiB for each memory device"
        }
        return nil
    }

    private func deviceObstacle(_ layout: RegionLayout) -> String? {
        if let missing = layout.targets.compactMap(\.device).first(where: constants.missingDevices.contains) {
            return "its memory device \(missing.function) is missing"
        }
        let root = constants.roots.first { $0.range.contains(layout.range) }
        let (ways, rootWays) = (layout.targets.count, Int(clamping: root?.interleave?.ways ?? 1))
        // drivers/cxl/core/region.c: interleave_ways_store().
        if rootWays < 1 || ways % rootWays != 0 || (ways / rootWays).nonzeroBitCount != 1 {
            return "the kernel does not accept \(ways) interleave ways below \(rootWays) of the CXL window"
        }
        guard let root else { return nil }
        if let interleave = root.interleave, interleave.ways > 1, interleave.granularity != layout.granularity {
            return "its interleave granularity is not that of the CXL window (\(interleave.granularity) bytes)"
        }
        return nil
    }

    /// Another owner of its bytes, or of its devices' bytes.
    private func bytesObstacle(_ layout: RegionLayout) -> String? {
        if let begun = regions.first(where: { $0.range == layout.range && $0.isPresent && !$0.isCommitted }),
            begun.name != constants.unfinishedRegion
        {
            return
                "\(begun.name) is there over its bytes, not committed, and daxswitch did not begin it. Delete it first, or reload cxl_acpi"
        }
        let others = regions.filter { $0.isPresent && $0.range != layout.range }
        if let other = others.first(where: { $0.range.overlaps(layout.range) }) {
            return "\(other.name) (\(other.range)) overlaps it"
        }
        if leaked.contains(where: layout.range.overlaps) {
            return "memory of it is still online without a device, which only a reboot ends"
        }
        if let claim = hmemClaim(over: layout.range) {
            return Self.obstacle(claim)
        }
        // drivers/cxl/core/region.c: alloc_region_ref(), "HPA order violation"; cxl_port_attach_region().
        let above = others.filter { $0.range.start > layout.range.end }
        if let other = above.first(where: { sharesPort(layout, with: $0) }) {
            return
                "\(other.name) (\(other.range)) lies at a higher address below the same host bridge. The kernel programs "
                + "decoders in the order of addresses (\(Rule.decoderOrder.id))"
        }
        for target in layout.targets {
            guard let device = target.device, let dpa = target.dpa else { continue }
            let next = nextDeviceByte(of: device)
            if dpa.start != next {
                return
                    "the kernel would use \(device.function) from byte \(hexadecimal(next)) on, but the region had it from "
                    + "\(hexadecimal(dpa.start)) on (\(Rule.deviceBytesAppended.id))"
            }
        }
        return nil
    }

    /// Why `claim` of dax_hmem keeps a region from being created.
    static func obstacle(_ claim: DaxClaim) -> String { "dax_hmem has bytes of it (\(claim.name))" }

    /// The device of dax_hmem that has bytes of `range`.
    func hmemClaim(over range: AddressRange) -> DaxClaim? { claims.first { $0.owner == .hmem && $0.excludes(range) } }

    private func sharesPort(_ layout: RegionLayout, with region: ModelRegion) -> Bool {
        guard let other = constants.layouts.first(where: { $0.range == region.range }) else {
            return constants.windows.contains { $0.overlaps(layout.range) && $0.overlaps(region.range) }
        }
        let bridges = Set(layout.targets.compactMap { $0.device?.hostBridge })
        return other.targets.contains { target in target.device.map { bridges.contains($0.hostBridge) } ?? true }
    }

    /// Where the next bytes of `device` begin: behind all that its regions and its decoders without a region have.
    private func nextDeviceByte(of device: MemdevIdentity) -> UInt64 {
        let present = Set(regions.filter(\.hasItsBytes).map(\.range))
        let used = constants.layouts.filter { present.contains($0.range) }.flatMap(\.targets).filter {
            $0.device == device
        }
        let ends = used.compactMap(\.dpa?.end) + [constants.reservedBytes[device]].compactMap(\.self)
        return ends.max().map { $0 == .max ? .max : $0 + 1 } ?? 0
    }

    /// The kernel chooses the first free place of the window.
    private func placeObstacle(_ layout: RegionLayout) -> String? {
        guard let window = constants.windows.first(where: { $0.contains(layout.range) }) else {
            return "no CXL window contains \(layout.range)"
        }
        let taken =
            regions.filter { $0.isPresent && $0.range != layout.range }.map(\.range)
            + constants.softReservedLines + softReservedLines + leaked + constants.systemRAM
        let place = firstFit(size: layout.range.size, in: window, besides: taken)
        if place == layout.range.start { return nil }
        let reserved =
            constants.isSoftReservedInIomem(layout.range) ? ": /proc/iomem has a Soft Reserved line over its bytes" : ""
        return place.map {
            "the kernel would place it at \(hexadecimal($0)), not at \(hexadecimal(layout.range.start))\(reserved) "
                + "(\(Rule.firstFit.id))"
        } ?? "the CXL window has no free place for it\(reserved) (\(Rule.firstFit.id))"
    }

    private func firstFit(size: UInt64, in window: AddressRange, besides taken: [AddressRange]) -> UInt64? {
        let step = ModelConstants.regionStep
        let sorted = taken.sorted()
        var (start, overflow) = window.start.addingReportingOverflow(step - 1)
        start -= start % step
        while !overflow, let place = AddressRange(start: start, size: size), window.contains(place) {
            guard let obstacle = sorted.first(where: place.overlaps) else { return start }
            guard obstacle.end < .max - step else { return nil }
            start = (obstacle.end + step) / step * step
        }
        return nil
    }
}

extension ModelConstants {
    /// Regions begin at multiples of this, and each memory device gives so many bytes or a multiple
    /// (drivers/cxl/core/region.c: alloc_hpa(), SZ_256M).
    static let regionStep: UInt64 = 256 << 20

}
