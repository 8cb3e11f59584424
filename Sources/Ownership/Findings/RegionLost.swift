import Iomem
import Machine

extension Examination {
    /// The regions of this boot that are gone.
    var lostRegions: [Finding] {
        machine.lostRegions.map { region in
            Finding(
                .regionLost,
                subject: "\(region.range)",
                ranges: [region.range],
                what:
                    "The region over \(region.range) (\(sizeText(region.range.size))) was committed earlier in this boot and is gone. "
                    + "Its decoders were reset. "
                    + (isRestorable(region) ? "daxswitch can restore it." : "It does not come back by itself."),
                evidence: [
                    "/run/daxswitch/regions.json: a committed region over \(region.range)",
                    machine.seesDecoders
                        ? "/sys/bus/cxl/devices: no committed region over it"
                        : "/proc/iomem: no CXL window, so cxl_acpi was unloaded",
                ],
                fix: remedies.command(restoring: region.range) ?? fallback(region)
            )
        }
    }

    /// Whether a command restores it; drivers that are not loaded don't count.
    private func isRestorable(_ region: RememberedRegion) -> Bool {
        remedies.command(restoring: region.range) != nil
    }

    private func fallback(_ region: RememberedRegion) -> String {
        let reboot = "reboot: a region that the firmware made is then there again"
        if region.locked {
            return "run `daxswitch apply reload`: its decoders are locked, so it comes back with cxl_acpi; or reboot"
        }
        guard region.layout != nil else {
            return reboot
                + (model.constants.isSoftReservedInIomem(region.range)
                    ? "" : "; or, if its contents don't matter, create it again (cxl create-region)")
        }
        let why = model.whyNotRestorable(region.range) ?? "`daxswitch plan reload` shows what blocks that"
        return reboot + ". daxswitch can't restore the region: \(why)"
    }
}
