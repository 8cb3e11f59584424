import Iomem
import Machine

extension Examination {
    /// Memory that the kernel uses, or could, and that no decoder, or no memory at all, answers for.
    var undecoded: [Finding] {
        let dead = model.undecoded.merged()
        guard !dead.isEmpty else { return [] }
        return devices.filter { $0.owner == .hmem }.compactMap { device in
            let bytes = device.ranges.flatMap { range in dead.compactMap(range.intersection) }.merged()
            guard !bytes.isEmpty else { return nil }
            let online = machine.memory.blocks.count { block in
                block.isOnline && bytes.contains(where: block.range.overlaps)
            }
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
                    + evidence(of: bytes, empty: empty),
                fix: fix(device, bytes, empty: empty, online: online)
            )
        }
    }

    private func evidence(of bytes: [AddressRange], empty: [AddressRange]) -> [String] {
        let constants = model.constants
        let units = empty.isEmpty ? [] : constants.ranges.filter { unit in empty.contains(where: unit.overlaps) }
        let map = units.map { unit in
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
        return
            "leave the device idle. If a region was lost in this boot, reboot. If not, "
            + model.constants.regionAdvice(over: bytes)
    }
}
