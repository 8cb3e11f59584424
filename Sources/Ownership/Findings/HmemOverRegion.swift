import Iomem
import Machine

extension Examination {
    /// The committed regions whose memory dax_hmem owns.
    var hmemOverRegions: [Finding] {
        // A line of iomem alone does not tell whether the region is committed.
        if machine.lacks(.cxlDevices) { return [] }
        return ramRegions.filter(\.region.committed).compactMap { region, range in
            let holders = devices.filter { $0.owner == .hmem && $0.ranges.contains(where: range.overlaps) }
            // If no driver can bind to the device, that is the finding.
            guard !holders.isEmpty,
                !holders.allSatisfy({ $0.driver == nil && $0.ranges.contains(where: isBlocked) }),
                !owned.contains(where: { $0.owner == .both && $0.range.overlaps(range) })
            else {
                return nil
            }
            let names = holders.map(\.name).joined(separator: ", ")
            return Finding(
                .hmemOverRegion,
                subject: region.name,
                ranges: [range],
                what: "\(region.name) (\(range)) is committed, but dax_hmem owns its memory (\(names)).",
                evidence: ["/sys/bus/cxl/devices/\(region.name)/commit: 1"]
                    + holders.map { "/sys/bus/dax/devices/\($0.name): below \($0.through)" },
                fix: handOver(of: range)
            )
        }
    }

    /// How CXL gets the bytes that committed regions cover of `ranges`; nil where none does.
    func handOver(of ranges: [AddressRange]) -> String? {
        ramRegions.first { region, range in region.committed && ranges.contains(where: range.overlaps) }
            .map { handOver(of: $0.range) }
    }

    /// How CXL gets the memory of a region over `range`.
    private func handOver(of range: AddressRange) -> String {
        if machine.modules.state(of: "dax_cxl") == .missing {
            return "none needed: this kernel has no dax_cxl, so CXL can't own memory"
        }
        let command =
            remedies.command(giving: [range], to: [.cxl]) ?? "run `daxswitch plan cxl`, which shows what blocks it"
        return "to let CXL own it, \(command)"
    }
}
