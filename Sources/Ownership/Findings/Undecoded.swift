import Iomem
import Machine

extension Examination {
    /// Memory that the kernel uses, or could, and that no decoder, or no memory at all, answers for.
    var undecoded: [Finding] {
        let dead = model.undecoded.merged()
        guard !dead.isEmpty else { return [] }
        let deadIndex = RangeIndex(dead)
        let units = RangeIndex(model.constants.ranges)
        return devices.filter { $0.owner == .hmem }.compactMap { device in
            let bytes = device.ranges.flatMap(deadIndex.intersections).merged()
            guard !bytes.isEmpty else { return nil }
            // A block can have bytes of several.
            let online = Set(bytes.flatMap(machine.memory.blocks).filter(\.isOnline).map(\.number)).count
            let empty = bytes.flatMap(model.constants.under.empty)
            return Finding(
                .undecoded,
                subject: device.name,
                ranges: bytes,
                what: "\(device.name) covers \(bytes.words), and "
                    + (empty == bytes
                        ? "no table or device reports memory there. " : "no CXL decoder maps these bytes. ")
                    + (online > 0
                        ? "\(online) of its memory blocks are online: the kernel can crash at any time."
                        : "If they go online, the kernel crashes."),
                evidence: ["/sys/bus/dax/devices/\(device.name): \(device.ranges.words)"]
                    + evidence(of: bytes, empty: empty, among: units),
                fix: fix(device, bytes, empty: empty, online: online)
            )
        }
    }

    private func evidence(of bytes: [AddressRange], empty: [AddressRange], among units: RangeIndex) -> [String] {
        let constants = model.constants
        let map = Set(empty.flatMap(units.places)).sorted().map { place in
            let unit = constants.ranges[place]
            return
                "/sys/firmware/acpi/tables/SRAT: \(unit) is one range, but only "
                + "\(constants.under.memory(in: unit).words) is in the memory map"
        }
        let inWindows = bytes.contains(where: constants.meetsWindow)
        guard empty != bytes || inWindows && machine.seesDecoders else { return map }
        return map + [
            machine.seesDecoders
                ? "/sys/bus/cxl/devices: no decoder of a memory device covers them"
                : "/run/daxswitch/regions.json: their decoders were reset in this boot"
        ]
    }

    private func fix(_ device: DaxDevice, _ bytes: [AddressRange], empty: [AddressRange], online: Int) -> String {
        if online > 0 {
            return "don't unload anything. Stop what uses this memory"
                + (empty.isEmpty ? "" : ", put memhp_default_state=offline on the kernel command line,") + " and reboot"
        }
        if let command = remedies.command(giving: bytes, to: [.cxl, .none]) { return command }
        if let range = device.ranges.first(where: { $0.overlaps(empty.first ?? $0) }), !empty.isEmpty {
            return model.constants.advice(forMemoryIn: range, device)
        }
        let capture =
            model.constants.mayHaveLostRegion(over: bytes)
            ? " or, if you have a capture from before, run \(ModelConstants.planFromCapture)" : ""
        return "leave the device idle. If a region was lost in this boot, reboot\(capture). If not, "
            + model.constants.regionAdvice(over: bytes)
    }
}
