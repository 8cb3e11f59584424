import Iomem
import Machine

// What binding and unbinding one device does: one range changes its owner, and no module comes or goes.
extension KernelModel {
    /// dax_hmem leaves the `hmem.N` over `range` (drivers/base/bus.c: unbind_store()): what it made below goes as when the
    /// module is removed, and the device itself stays.
    func unbindingHmem(_ range: AddressRange) -> StepOutcome {
        let isGoing = { (claim: DaxClaim) in claim.owner == .hmem && claim.excludes(range) }
        let going = claims.filter(isGoing)
        if going.isEmpty { return StepOutcome(self) }
        guard going.allSatisfy({ $0.span == range }) else {
            return StepOutcome(self, refusal: "no hmem device covers exactly \(range) (ENODEV)")
        }
        var model = self
        model.leak(going)
        for claim in going {
            for bytes in claim.ranges {
                model.decide(bytes, [.unbindFreesRange], "dax_hmem is unbound from \(claim.through)")
            }
        }
        model.claims.removeAll(where: isGoing)
        model.unboundHmem.append(range)
        return StepOutcome(model)
    }

    /// dax_hmem takes the `hmem.N` over `range` again. Nothing asks for windows or regions then: the device is there
    /// (drivers/dax/hmem/hmem.c: dax_hmem_probe()).
    func bindingHmem(_ range: AddressRange) -> StepOutcome {
        if claims.contains(where: { $0.owner == .hmem && $0.excludes(range) }) { return StepOutcome(self) }
        guard has("dax_hmem"), let place = unboundHmem.firstIndex(of: range) else {
            return StepOutcome(
                self,
                refusal: "there is no hmem device over \(range) to bind dax_hmem to (ENODEV)"
            )
        }
        if constants.refusesOverlap, let other = claims.first(where: { $0.excludes(range) }) {
            return StepOutcome(self, refusal: "\(other.name) already has bytes of \(range) (ENOMEM)")
        }
        var model = self
        model.unboundHmem.remove(at: place)
        model.decide(range, [.bindTakesRange], "dax_hmem is bound to its device over \(range) again")
        model.claims.append(
            DaxClaim(
                owner: .hmem,
                ranges: constants.regionIsIdle ? [] : [range],
                reserved: constants.regionIsIdle ? [range] : [],
                through: "hmem"
            )
        )
        if has("kmem") { model.bindKmem() }
        return StepOutcome(model)
    }

    /// dax_cxl probes the region over `range`, which gets its dax region first if it has none
    /// (drivers/base/bus.c: drivers_probe_store(); drivers/cxl/core/region.c: cxl_region_probe()).
    func bindingRegion(_ range: AddressRange) -> StepOutcome {
        if claims.contains(where: { $0.owner == .cxl && $0.excludes(range) }) { return StepOutcome(self) }
        guard let place = regions.firstIndex(where: { $0.range == range && $0.isPresent }) else {
            return StepOutcome(self, refusal: "no region covers \(range) (ENODEV)")
        }
        guard regions[place].isCommitted, regions[place].mode == "ram" else {
            return StepOutcome(self, refusal: "\(regions[place].name) is not a committed ram region (ENXIO)")
        }
        guard has("dax_cxl") else {
            return StepOutcome(self, refusal: "dax_cxl, the driver that takes regions, is not loaded (ENODEV)")
        }
        var model = self
        model.regions[place].bindAgain(overMemory: isInUse(range))
        model.claimRegions { $0.range == range }
        return StepOutcome(model)
    }
}
