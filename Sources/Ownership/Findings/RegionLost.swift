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
                    + "Its decoders were reset. It does not come back by itself"
                    + (isRestorable(region) ? ", and can be restored." : "."),
                evidence: [
                    "/run/daxswitch/regions.json: a committed region over \(region.range)",
                    machine.seesDecoders
                        ? "/sys/bus/cxl/devices: no committed region over it"
                        : "/proc/iomem: no CXL window, so cxl_acpi was unloaded",
                ],
                fix: remedies.command(restoring: region.layout?.name) ?? fallback(region)
            )
        }
    }

    /// Whether nothing is known that keeps it from being made again; that drivers are not loaded does not.
    private func isRestorable(_ region: RememberedRegion) -> Bool {
        remedies.command(restoring: region.layout?.name) != nil
    }

    private func fallback(_ region: RememberedRegion) -> String {
        let reboot = "reboot: the firmware then programs the decoders again"
        guard region.layout != nil else {
            return reboot
                + (model.constants.isSoftReservedInIomem(region.range)
                    ? "" : "; or, if its contents don't matter, create it again (cxl create-region)")
        }
        let why = model.whyNotRestorable(region.range) ?? "run `daxswitch plan cxl`, which shows what blocks that"
        return reboot + ". daxswitch can't restore the region: \(why)"
    }
}
