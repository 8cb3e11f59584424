import Iomem
import Machine

extension Examination {
    /// The regions of persistent memory of this boot that are gone.
    var lostPmem: [Finding] {
        machine.lostPmem.map { region in
            let range = region.layout.range
            return Finding(
                .regionLost,
                subject: "\(range)",
                ranges: [range],
                what:
                    "The pmem region over \(range) (\(sizeText(range.size))) was committed earlier in this boot and is gone. "
                    + "Its decoders were reset. It had \(region.words). Its data is still on the memory devices, but the kernel "
                    + "does not create a region from labels (\(Rule.pmemNotFromLabels.id)).",
                evidence: [
                    "/run/daxswitch/regions.json: a committed pmem region over \(range), \(region.words)"
                ] + machine.labelEvidence(of: region.layout),
                fix: fix(region)
            )
        }
    }

    private func fix(_ region: PmemRegion) -> String {
        let reboot = "if the firmware made the region, reboot: it is then there again"
        let never = "daxswitch does not create pmem regions"
        switch machine.commandToCreate(region.layout) {
        case .success(let command):
            return
                "\(reboot). If it was made by hand, run `\(command)`: with the same devices in the same order, the kernel finds "
                + "the labels. Then check with `ndctl list`. Until then, don't create namespaces or write labels. \(never)"
        case .failure(let obstacle):
            return "\(reboot). \(never). It can't be created by hand now: \(obstacle.why)"
        }
    }
}
