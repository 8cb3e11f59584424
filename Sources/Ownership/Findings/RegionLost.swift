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
                    + "Its decoders were reset. It does not come back by itself.",
                evidence: [
                    "/run/daxswitch/regions.json: a committed region over \(region.range)",
                    machine.seesDecoders
                        ? "/sys/bus/cxl/devices: no committed region over it"
                        : "/proc/iomem: no CXL window, so cxl_acpi was unloaded",
                ],
                fix:
                    "reboot: the firmware then programs the decoders again"
                    + (model.constants.isSoftReservedInIomem(region.range)
                        ? "" : "; or, if its contents don't matter, create it again (cxl create-region)")
            )
        }
    }
}
