import Iomem
import Machine

// Giving CXL the memory of single regions, where loading modules again would do harm or would not help.
extension Planner {
    /// The steps that give CXL every committed region that it does not own yet: dax_hmem is unbound from the devices over
    /// them, and dax_cxl takes the regions. No module is removed, and no other range changes.
    ///
    /// Nil if the policy does not want CXL to own regions, or if there is nothing to hand over.
    func handOver(for policy: Policy) -> [Step]? {
        guard policy.want.coveredByRegion == .cxl, let model = start.models.first else { return nil }
        let index = start.indexes[0]
        let regions = model.regions.filter { region in
            region.isPresent && region.isCommitted && region.mode == "ram" && index.owner(of: region.range) != .cxl
        }.map(\.range)
        guard !regions.isEmpty else { return nil }
        let wanted = RangeIndex(regions)
        let devices = model.claims.filter { claim in
            claim.owner == .hmem && (claim.ranges + claim.reserved).contains(where: wanted.overlaps)
        }.compactMap(\.span).uniqued()
        let gate = policy.order.last { [.hold, .release].contains($0) }
        return devices.map(Step.unbindHmem) + [gate].compactMap(\.self) + [.load("dax_cxl")]
            + regions.map(Step.bindRegion)
    }
}
