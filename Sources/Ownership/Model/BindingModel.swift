import Iomem
import Machine

/// What steps on single devices did, one after the other.
struct DeviceRun {
    /// What one of them did.
    struct Effect {
        /// The kernel refuses it: why.
        var refusal: String?
        /// Something but reasons differs afterwards.
        var isChange = false
        /// The devices over its bytes that are of the driver that it takes away.
        var going: [DaxClaim] = []
    }

    var effects: [Effect] = []
    /// The model after the last.
    var model: KernelModel

    init(_ model: KernelModel) { self.model = model }

    /// The outcome of a run of one step.
    var outcome: StepOutcome { StepOutcome(model, refusal: effects.first?.refusal) }
}

// What binding and unbinding one device does: one range changes its owner, and no module comes or goes.
extension KernelModel {
    /// Whether kmem takes every new device: a step on one of them can then change others.
    var kmemTakesDevices: Bool { has("kmem") && constants.kmemComesUnasked }

    /// dax_hmem leaves the `hmem.N` over each of `ranges` (drivers/base/bus.c: unbind_store()): what it made below goes as when the
    /// module is removed, and the device itself stays. For n devices, k steps take O((n + k) log n).
    func unbindingHmem(each ranges: [AddressRange]) -> DeviceRun {
        let holders = HolderIndex(claims.map { $0.owner == .hmem ? $0.ranges + $0.reserved : [] })
        let online = claims.contains { $0.driver == "kmem" } ? RangeIndex(onlineBlocks) : RangeIndex([])
        var isGone = Array(repeating: false, count: claims.count)
        var made: [(range: AddressRange, decision: Decision)] = []
        var run = DeviceRun(self)
        for range in ranges {
            let places = holders.places(overlapping: range).filter { !isGone[$0] }
            let going = places.map { claims[$0] }
            guard going.allSatisfy({ $0.span == range }) else {
                let refusal = "no hmem device covers exactly \(range) (ENODEV)"
                run.effects.append(DeviceRun.Effect(refusal: refusal, going: going))
                continue
            }
            run.effects.append(DeviceRun.Effect(isChange: !going.isEmpty, going: going))
            if going.isEmpty { continue }
            run.model.leak(going, online)
            for claim in going {
                let decision = Decision([.unbindFreesRange], "dax_hmem is unbound from \(claim.through)")
                made += claim.ranges.map { ($0, decision) }
            }
            for place in places { isGone[place] = true }
            run.model.unboundHmem.append(range)
        }
        run.model.decide(made)
        if isGone.contains(true) { run.model.claims = claims.indices.filter { !isGone[$0] }.map { claims[$0] } }
        return run
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

    /// dax_cxl probes the region over each of `ranges`, which gets its dax region first if it has none
    /// (drivers/base/bus.c: drivers_probe_store(); drivers/cxl/core/region.c: cxl_region_probe()). For n regions and devices, k
    /// steps take O((n + k) log n).
    ///
    /// - Precondition: It is one range if `kmemTakesDevices`.
    func bindingRegions(each ranges: [AddressRange]) -> DeviceRun {
        let known = Dictionary(grouping: regions.indices, by: { regions[$0].range })
        let inUse = RangeIndex(memoryInUse)
        var taken = RegionClaims(by: claims, registering: ranges)
        var made: [(range: AddressRange, decision: Decision)] = []
        var run = DeviceRun(self)
        for (number, range) in ranges.enumerated() {
            if taken.ofCxl.holder(of: range) != nil {
                run.effects.append(DeviceRun.Effect())
                continue
            }
            let own = known[range, default: []]
            if let refusal = refusalToBind(own, over: range) {
                run.effects.append(DeviceRun.Effect(refusal: refusal))
                continue
            }
            var effect = DeviceRun.Effect()
            var reasons: [Decision] = []
            if let place = own.first(where: { regions[$0].isPresent }) {
                let life = run.model.regions[place].life
                run.model.regions[place].bindAgain(overMemory: inUse.overlaps(range))
                effect.isChange = run.model.regions[place].life != life
            }
            let count = run.model.claims.count
            if !(constants.claimsAwaitMode && mode != .drop) {
                for place in own {
                    if let reason = run.model.claim(run.model.regions[place], number, &taken) { reasons.append(reason) }
                }
                if has("kmem") { run.model.bindKmem() }
            }
            effect.isChange = effect.isChange || run.model.claims.count != count
            // A step that changes nothing is left out of a run, and with it its reasons.
            if effect.isChange || ranges.count == 1 { made += reasons.map { (range, $0) } }
            run.effects.append(effect)
        }
        run.model.decide(made)
        return run
    }

    /// Why no region over just `range` can be bound, of those at `places`; nil where one can.
    private func refusalToBind(_ places: [Int], over range: AddressRange) -> String? {
        guard let region = places.first(where: { regions[$0].isPresent }).map({ regions[$0] }) else {
            return "no region covers \(range) (ENODEV)"
        }
        guard region.isCommitted, region.mode == "ram" else {
            return "\(region.name) is not a committed ram region (ENXIO)"
        }
        return has("dax_cxl") ? nil : "dax_cxl, the driver that takes regions, is not loaded (ENODEV)"
    }
}
