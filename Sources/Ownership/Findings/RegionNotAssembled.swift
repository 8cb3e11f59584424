import Iomem
import Machine

extension Examination {
    /// The ram regions without a dax region that should have one.
    ///
    /// The kernel makes none where the bytes are System RAM already (drivers/cxl/core/region.c: cxl_region_probe()), and
    /// none for accelerators.
    var regionsNotAssembled: [Finding] {
        guard machine.modules.state(of: "dax_cxl") != .missing, !machine.lacks(.cxlDevices) else { return [] }
        return ramRegions.filter { region, range in
            !region.assembled && !region.isOfAccelerator && !isUsed(range)
        }.map { region, range in
            let lines = failures(of: region.name, [.attachment, .interleaving])
            return Finding(
                .regionNotAssembled,
                subject: region.name,
                ranges: [range],
                what: "\(region.name) (\(range)) has no dax region, so its memory can't be used."
                    + (region.committed ? "" : " Its decoders are not committed.") + cause(lines),
                evidence: [
                    "/sys/bus/cxl/devices/\(region.name)/commit: \(region.committed ? 1 : 0)",
                    "/sys/bus/cxl/devices/\(region.name): no dax_region",
                ] + lines.map(quoted),
                fix: region.committed
                    ? remedies.command(giving: [range], to: [.cxl])
                        ?? "run `echo \(region.name) > /sys/bus/cxl/drivers/cxl_region/bind`"
                    : programming(region, hasFailed: !lines.isEmpty)
            )
        }
    }

    /// How a region gets its decoders. Without a message of the kernel it is not known whether it failed at the region or whether the
    /// decoders were reset since the boot, as they are when the driver of a memory device goes.
    private func programming(_ region: Region, hasFailed: Bool) -> String {
        let interleaving =
            "set the same interleaving in the firmware setup as in the device, and reboot; or destroy "
            + "\(region.name) (cxl destroy-region) and create it again (cxl create-region)"
        if hasFailed { return interleaving }
        return
            "if it was assembled earlier in this boot, reboot: the firmware programs the decoders again. Otherwise \(interleaving)"
    }

    private func cause(_ lines: [DriverFailure]) -> String {
        guard let error = lines.last(where: { $0.kind == .attachment })?.errno else { return "" }
        return " The kernel could not attach a decoder (-\(error))."
    }

    private func isUsed(_ range: AddressRange) -> Bool {
        !devices(over: range).isEmpty || systemRAM.overlaps(range)
    }
}
