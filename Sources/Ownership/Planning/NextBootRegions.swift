import Iomem
import Machine

extension NextBoot {
    /// Why the regions of the next boot may not be those that follow from what is there now.
    var regionDoubts: [RegionDoubt] {
        let created = regionsOfThisBoot
        let lost = regionsOfFirmware
        return [
            created.isEmpty
                ? nil
                : RegionDoubt(
                    why:
                        "\(created.joined(separator: ", ")) is not over Soft Reserved memory: if it was created in this boot, the "
                        + "next boot does not have it"
                ) { $0.removeAll { created.contains($0.name) } },
            lost.isEmpty
                ? nil
                : RegionDoubt(
                    why:
                        "no assembled region covers \(lost.map(\.range).words): if one was lost in this boot, the firmware creates "
                        + "it again at the next boot"
                ) { $0.replace(with: lost) },
        ].compactMap { $0 }
    }

    /// The regions that somebody may have made in this boot. What firmware makes is Soft Reserved, and a locked region is
    /// firmware's.
    private var regionsOfThisBoot: [String] {
        machine.regions.filter { region in
            guard region.mode == "ram", region.locked != true, let range = region.range else { return false }
            return !machine.softReserved.contains { $0.range.overlaps(range) }
        }.map(\.name)
    }

    /// Regions that the firmware may make at each boot and that are lost now: those that an earlier run saw, those that are there and
    /// not assembled, though the kernel did not fail at it, and one over each range in a window that no decoder maps.
    ///
    /// Decoders are reset when `cxl_acpi` or the driver of a memory device goes, and no message tells of it. Two things show that a
    /// range had no region at boot: a failure of the kernel to assemble it, and dax_hmem as its owner where `cxl_acpi` has stayed
    /// bound: the range went to it at the initial probe. If decoders can't be seen, `Unknowns` has the regions over ranges.
    var regionsOfFirmware: [ModelRegion] {
        let now = KernelModel(of: machine, generation: machine.kernel.generation.value ?? .coordinated)
        let failed = Set(
            machine.driverFailures.filter { [.attachment, .interleaving].contains($0.kind) }.map(\.subject)
        )
        let regions = machine.regions.filter {
            $0.mode == "ram" && !($0.committed && $0.assembled) && !$0.isOfAccelerator
        }
        let unassembled = regions.filter { !failed.contains($0.name) }.compactMap(\.range)
        let known = RangeIndex(machine.lostRegions.map(\.range) + unassembled + regions.compactMap(\.range))
        let isOfHmem = now.constants.hasInitialProbe && machine.cxlStayedBound
        let explained = RangeIndex(ownedRanges(of: machine).filter { isOfHmem && $0.owner == .hmem }.map(\.range))
        let undecoded = machine.seesDecoders ? now.undecoded : []
        let bytes = undecoded.filter(now.constants.meetsWindow).flatMap(known.remainder).flatMap(explained.remainder)
        return machine.lostRegions.map { ModelRegion(waitingOver: $0.range, isLocked: $0.locked) }
            + (unassembled + bytes.merged()).map { ModelRegion(waitingOver: $0, isLocked: false) }
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
