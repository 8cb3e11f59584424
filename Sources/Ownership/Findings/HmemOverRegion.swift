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
                fix: handOver(region, range, from: holders)
            )
        }
    }

    /// How CXL gets the bytes that committed regions cover of `ranges`; nil where none does.
    func handOver(of ranges: [AddressRange]) -> String? {
        guard
            let (region, range) = ramRegions.first(where: { region, range in
                region.committed && ranges.contains(where: range.overlaps)
            })
        else { return nil }
        return handOver(
            region,
            range,
            from: devices.filter { $0.owner == .hmem && $0.ranges.contains(where: range.overlaps) }
        )
    }

    /// How CXL gets the memory of `region`.
    ///
    /// The kernel makes the dax region when it binds `cxl_region`, and the dax device when it probes `dax_regionN`; both need
    /// bytes that nobody else holds (drivers/cxl/core/region.c: cxl_region_probe(), drivers/dax/cxl.c).
    private func handOver(_ region: Region, _ range: AddressRange, from holders: [DaxDevice]) -> String {
        if machine.modules.state(of: "dax_cxl") == .missing {
            return "none needed: this kernel has no dax_cxl, so CXL can't own memory"
        }
        if let command = remedies.command(giving: [range], to: [.cxl]) { return "if CXL is to own it, \(command)" }
        let online = machine.memory.blocks(in: range).contains(where: \.isOnline)
        let offline = online ? "take its memory offline (daxctl offline-memory \(holders[0].name)), " : ""
        let bind =
            region.assembled
            ? "`echo dax_\(region.name) > /sys/bus/cxl/drivers_probe`"
            : "`echo \(region.name) > /sys/bus/cxl/drivers/cxl_region/unbind`, the same with bind, and `modprobe dax_cxl`"
        let through = holders.map(\.through).uniqued()
        let unbind = through.map { "`echo \($0) > /sys/bus/platform/drivers/hmem/unbind`" }.joined(separator: ", ")
        return "if CXL is to own it: \(offline)\(unbind), then \(bind)"
    }
}
