import Iomem
import Machine

extension Examination {
    /// The bytes that no driver owns: one finding for each region, for what lies in windows without a region, and for the rest.
    var withoutOwner: [Finding] {
        let bytes = owned.filter { $0.isOwnerKnown && $0.owner == .none && $0.use != .leaked && !$0.isBeyondMemory }
            .map(\.range)
            .flatMap(RangeIndex(ofOthers).remainder).merged()
        if bytes.isEmpty { return [] }
        let index = RangeIndex(bytes)
        let ofRegions = ramRegions.map { region, range in (region, index.intersections(with: range)) }
        let rest = bytes.flatMap(regionIndex.remainder)
        let reserved = RangeIndex(machine.softReserved.map(\.range))
        let inWindows = rest.filter(model.constants.meetsWindow)
        let outside = rest.filter { !model.constants.meetsWindow($0) }
        return ofRegions.compactMap { finding($0.1, "\($0.0.name) covers it.", $0.0, reserved) }
            + [
                finding(inWindows, "It lies in a CXL window.", nil, reserved),
                finding(outside, "It lies in no CXL window.", nil, reserved),
            ].compactMap { $0 }
    }

    /// How many ranges are named one by one.
    private static let named = 4

    private func finding(
        _ bytes: [AddressRange],
        _ place: String,
        _ region: Region?,
        _ reserved: RangeIndex
    ) -> Finding? {
        guard !bytes.isEmpty else { return nil }
        let words = bytes.words(upTo: Self.named)
        return Finding(
            .noOwner,
            subject: words,
            ranges: bytes,
            what: "No driver owns \(words) (\(sizeText(bytes.totalSize))). \(place)",
            evidence: sources(of: bytes.prefix(Self.named), reserved) + modules,
            fix: remedies.command(giving: bytes, to: [.cxl, .hmem]) ?? fallback(bytes, region)
        )
    }

    private func fallback(_ bytes: [AddressRange], _ region: Region?) -> String {
        if let region, !region.assembled, machine.modules.state(of: "dax_cxl") != .missing {
            return "see the finding region-not-assembled"
        }
        if bytes.contains(where: { bytes in machine.lostRegions.contains { $0.range.overlaps(bytes) } }) {
            return "see the finding region-lost"
        }
        let meetsWindow = bytes.contains(where: model.constants.meetsWindow)
        if !meetsWindow && region == nil { return "run `daxswitch plan hmem`, which shows what blocks it" }
        let loss = region == nil ? model.constants.lossAdvice(over: bytes) : ""
        let drivers = ["cxl_acpi", "cxl_pci", "cxl_mem"]
        let isOut = drivers.contains { [.absent, .unbound].contains(machine.modules.state(of: $0)) }
        if !machine.seesDecoders && isOut && !machine.isHeld {
            let lines = drivers.compactMap { machine.modprobe.keptOut[$0]?.description }
            let first = lines.isEmpty ? "" : "remove \(lines.joined(separator: " and ")), then "
            return
                "\(first)run `\(machine.commandShowingCxl)` to make the CXL devices visible, then `daxswitch plan cxl`"
                + loss
        }
        let isLoaded = machine.modules.state(of: "cxl_acpi") == .live
        if isLoaded, meetsWindow, !machine.windows.contains(where: \.isLive), !machine.lacks(.cxlDevices) {
            return
                "cxl_acpi is loaded and not bound: run `echo ACPI0017:00 > /sys/bus/platform/drivers/cxl_acpi/bind`, then "
                + "`daxswitch plan cxl`" + loss
        }
        if machine.memdevs.isEmpty && meetsWindow {
            let isIn = [.live, .builtin].contains(machine.modules.state(of: "cxl_pci"))
            return "if it is the memory of an accelerator, its own driver uses it. If not, "
                + (isIn
                    ? "check why no CXL memory device is visible (`journalctl -k -g cxl`)"
                    : "load cxl_pci and check the memory devices\(loss)")
        }
        if meetsWindow && region == nil && machine.seesDecoders {
            return model.constants.regionAdvice(over: bytes) + (remedies.persistHmem.map { "; or \($0)" } ?? "") + loss
        }
        return
            (remedies.persistHmem ?? "run `daxswitch plan cxl` and `daxswitch plan hmem`, which show what blocks them")
            + loss
    }

    private func sources(of bytes: some Sequence<AddressRange>, _ reserved: RangeIndex) -> [String] {
        let reserved = Set(bytes.flatMap(reserved.places)).sorted().prefix(Self.named).map { machine.softReserved[$0] }
            .compactMap { range in range.sources.first.map { "\($0): Soft Reserved \(range.range)" } }
        let regions = Set(bytes.flatMap(regionIndex.places)).sorted().map { ramRegions[$0] }.map {
            "/sys/bus/cxl/devices/\($0.region.name): \($0.range)"
        }
        return reserved + regions + ["/sys/bus/dax/devices: no device covers it"]
    }

    private var modules: [String] {
        let words = ["cxl_acpi", "dax_cxl", "dax_hmem"].map { "\($0) \(machine.modules.state(of: $0).rawValue)" }
        return ["modules: \(words.joined(separator: ", "))"]
    }

    /// The bytes of regions that an accelerator's own driver uses, and those that need not have memory.
    private var ofOthers: [AddressRange] {
        machine.regions.filter { $0.isOfAccelerator || $0.hasDynamicCapacity }.compactMap(\.range)
    }
}
