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
        let reboot =
            "reboot, if the firmware made the region: it is then there again. daxswitch does not create pmem regions"
        switch machine.commandToCreate(region.layout) {
        case .success(let command):
            return
                "\(reboot). Otherwise run `\(command)`: the same devices in the same order find their labels again. Check "
                + "with `ndctl list`, and don't create namespaces or write labels before that"
        case .failure(let obstacle): return "\(reboot). To create it by hand is not possible now: \(obstacle.why)"
        }
    }
}
