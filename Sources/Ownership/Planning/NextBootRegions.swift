import Iomem
import Machine

extension NextBoot {
    /// Why the regions of the next boot may not be those that follow from what is there now.
    var regionDoubts: [RegionDoubt] {
        let created = regionsOfThisBoot
        let names = Set(created.map(\.name))
        let lost = regionsOfFirmware
        return [
            created.isEmpty
                ? nil
                : RegionDoubt(
                    why:
                        "the firmware may not have made what covers \(created.map(\.range).words(upTo: 4)): if a region was created in "
                        + "this boot, the next boot does not have it"
                ) { $0.removeAll { names.contains($0.name) } },
            lost.isEmpty
                ? nil
                : RegionDoubt(
                    why:
                        "no assembled region covers \(lost.map(\.range).words(upTo: 4)): if one was lost in this boot, the firmware "
                        + "creates it again at the next boot"
                ) { $0.replace(with: lost) },
        ].compactMap { $0 }
    }

    /// The regions that somebody may have made in this boot, by address. What firmware makes is Soft Reserved, and a locked region is
    /// firmware's. If dax_hmem has memory of a region, the region may have come after it.
    private var regionsOfThisBoot: [(name: String, range: AddressRange)] {
        let reserved = RangeIndex(machine.softReserved.map(\.range))
        let hmem = RangeIndex(machine.daxDevices.filter { $0.owner == .hmem }.flatMap(\.ranges))
        return machine.regions.compactMap { region in
            guard region.mode == "ram", region.locked != true, let range = region.range else { return nil }
            let isDoubtful = !reserved.overlaps(range) || region.committed && region.assembled && hmem.overlaps(range)
            return isDoubtful ? (region.name, range) : nil
        }.sorted { $0.range < $1.range }
    }

    /// Regions that the firmware may make at each boot and that are lost now: those that an earlier run saw, those that are there and
    /// not assembled, and one over each range in a window that no decoder maps.
    ///
    /// Decoders are reset when `cxl_acpi` or the driver of a memory device goes, or a region is destroyed, and no message tells of it.
    /// Nor does an owner: dax_hmem may have come after the loss. If no decoder can be seen and none is remembered, `Unknowns` has
    /// the regions over such ranges.
    var regionsOfFirmware: [ModelRegion] {
        let now = KernelModel(of: machine, generation: machine.kernel.generation.value ?? .coordinated)
        let regions = machine.regions.filter {
            $0.mode == "ram" && !($0.committed && $0.assembled) && !$0.isOfAccelerator
        }
        let ranges = regions.compactMap(\.range)
        let known = RangeIndex(machine.lostRegions.map(\.range) + ranges)
        let undecoded = RangeIndex(knowsDecoders ? now.undecoded : [])
        let unknown = now.constants.windows.flatMap(undecoded.intersections).flatMap(known.remainder)
        return machine.lostRegions.map { ModelRegion(waitingOver: $0.range, isLocked: $0.locked) }
            + (ranges + unknown).map {
                ModelRegion(waitingOver: $0, isLocked: false)
            }
    }
}

extension KernelModel {
    /// This machine as its next boot begins: the firmware has programmed the decoders again, and no module is in.
    ///
    /// - Parameters:
    ///   - choice: What is persisted.
    ///   - remembered: The decoders as daxswitch saw them last in this boot.
    ///   - change: Changes the regions that follow from what is there now.
    func atNextBoot(
        _ choice: BootChoice?,
        _ remembered: RememberedDecoders? = nil,
        changing change: RegionChange = { _ in }
    ) -> KernelModel {
        let isBuiltin = constants.builtin.contains("cxl_acpi")
        // `persist` has the boot loader say which of the two it is.
        let isLeftOut =
            isBuiltin && (choice.map { $0 == .hmem } ?? (constants.drivers["cxl_acpi"]?.isRegistered == false))
        var boot = withoutModules.withConstants {
            $0.loadsCxlFirst = choice == .cxl
            $0.drivers["cxl_acpi"]?.isRegistered = !isLeftOut
        }
        boot.isHeld = choice == .hmem
        if isLeftOut { boot.unbound.insert("cxl_acpi") }
        boot.probeIsPending = constants.hasInitialProbe
        let present = Set(regions.map(\.range))
        let lost = (remembered?.regions ?? []).filter { !present.contains($0.range) }
        boot.regions =
            regions.compactMap(\.atNextBoot) + lost.map { ModelRegion(waitingOver: $0.range, isLocked: $0.locked) }
        change(&boot.regions)
        // What is part of the kernel image is there before the first module.
        if isBuiltin && !isLeftOut { boot.showWindows() }
        return boot
    }
}

/// Why it is not certain which regions the next boot has, and what the other possibility is.
struct RegionDoubt {
    let why: String
    let change: RegionChange
}

/// Changes the regions of a boot.
typealias RegionChange = (inout [ModelRegion]) -> Void

extension [ModelRegion] {
    /// Adds `regions` in place of those over the same bytes.
    mutating func replace(with regions: [ModelRegion]) {
        let index = RangeIndex(regions.map(\.range))
        removeAll { index.overlaps($0.range) }
        self += regions
    }
}
