import Iomem
import Machine

extension Examination {
    /// The committed regions whose memory dax_hmem owns.
    var hmemOverRegions: [Finding] {
        // A line of iomem alone does not tell whether the region is committed.
        if machine.lacks(.cxlDevices) { return [] }
        let twice = RangeIndex(owned.filter { $0.owner == .both }.map(\.range))
        return ramRegions.filter(\.region.committed).compactMap { region, range in
            let holders = devices(over: range).filter { $0.owner == .hmem }
            // If no driver can bind to the device, that is the finding.
            guard !holders.isEmpty,
                !holders.allSatisfy({ $0.driver == nil && $0.ranges.contains(where: isBlocked) }),
                !twice.overlaps(range)
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
        ranges.flatMap(regionIndex.places).filter { ramRegions[$0].region.committed }.min()
            .map { handOver(of: ramRegions[$0].range) }
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
