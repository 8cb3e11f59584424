import Iomem
import Machine

// What loading a module does. Each function is what the kernel does, in its order.
extension KernelModel {
    /// Loads `module` as modprobe would, or, while held, with its hard dependencies alone.
    func loading(_ module: String) -> StepOutcome {
        if has(module) { return StepOutcome(self) }
        let modules = constants.modules
        if let refusal = modules.refusalToLoad(module) ?? (isHeld ? nil : modules.lookUpRefusal(module)) {
            return StepOutcome(self, refusal: refusal)
        }
        if constants.generation == .hmemOnly && module == "dax_cxl" {
            return StepOutcome(self, refusal: "this kernel has no module dax_cxl (ENOENT, from libkmod)")
        }
        var model = self
        switch module {
        case "cxl_acpi":
            if isHeld {
                return StepOutcome(
                    self,
                    refusal: "the hold blocks cxl_acpi: put `release` first (no errno: the kernel is not called)"
                )
            }
            model.loadCxlAcpi()
        case "cxl_pci", "cxl_mem", "cxl_port": model.loadCxl(module)
        case "dax_hmem": return loadingDaxHmem()
        case "dax_cxl": return loadingDaxCxl()
        case "kmem":
            model.loaded.insert(module)
            model.bindKmem()
        default:
            model.insertNeeds(of: module)
            model.loaded.insert(module)
        }
        return StepOutcome(model)
    }

    private mutating func loadCxlAcpi() {
        guard !isIn("cxl_acpi"), !isHeld, constants.modules.refusalToLoad("cxl_acpi") == nil else { return }
        insertNeeds(of: "cxl_acpi")
        if !isIn("cxl_port") { loaded.insert("cxl_port") }
        loaded.insert("cxl_acpi")
        showWindows()
    }

    /// drivers/cxl/acpi.c: cxl_acpi_probe().
    mutating func showWindows() {
        windowsAreLive = !constants.windows.isEmpty
        showRegions()
    }

    private mutating func loadCxl(_ module: String) {
        guard !has(module), constants.modules.refusalToLoad(module) == nil else { return }
        insertNeeds(of: module)
        loaded.insert(module)
        showRegions()
    }

    private mutating func insertNeeds(of module: String) {
        for needed in constants.modules.needs(of: module) where !isIn(needed) { loaded.insert(needed) }
    }

    /// Regions that wait in programmed decoders appear once window, port and endpoints are there; those that lost their
    /// endpoints have them again.
    private mutating func showRegions() {
        guard seesDecoders, constants.generation != .hmemOnly else { return }
        let inUse = RangeIndex(memoryInUse)
        for index in regions.indices where !regions[index].isPresent || regions[index].life == .detached {
            regions[index].appear(overMemory: inUse.overlaps(regions[index].range))
            regions[index].lacksBridge = regions[index].mode == "pmem" && !has("cxl_pmem")
        }
        if has("dax_cxl") { claimRegions() }
    }

    /// The bytes that iomem has as System RAM: cxl_region_probe() (drivers/cxl/core/region.c) makes no dax_region over any.
    var memoryInUse: [AddressRange] {
        claims.filter { $0.driver == "kmem" }.flatMap(\.ranges) + leaked + constants.systemRAM
    }

    private func loadingDaxHmem() -> StepOutcome {
        let modules = constants.modules
        var model = self
        if constants.loadsCxlFirst && !isHeld {
            // cxl_pmem comes before them, where modprobe's configuration has no command in place of a module that it needs
            // (that of ndctl has one for libnvdimm): daxswitch runs none, so it does not count.
            if modules.lookUpRefusal("cxl_acpi") == nil { model.loadCxlAcpi() }
            for module in ["cxl_pci", "cxl_mem"] where modules.lookUpRefusal(module) == nil { model.loadCxl(module) }
        } else if constants.asksForCxl && !isHeld {
            if isGranted("cxl_acpi") { model.loadCxlAcpi() }
            if isGranted("cxl_pci") { model.loadCxl("cxl_pci") }
        } else if modules.hmemBringsAcpi && !isHeld {
            model.loadCxlAcpi()
        }
        model.insertNeeds(of: "dax_hmem")
        model.loaded.insert("dax_hmem")
        return StepOutcome(model.probingHmem())
    }

    private func loadingDaxCxl() -> StepOutcome {
        let models = constants.hasInitialProbe && !isIn("dax_hmem") ? loadingDaxHmem().models : [self]
        return StepOutcome(
            models.map { model in
                var model = model
                model.loaded.insert("dax_cxl")
                model.claimRegions()
                return model
            }
        )
    }

    /// drivers/dax/cxl.c: cxl_dax_region_probe() for every assembled ram region.
    mutating func claimRegions() {
        if constants.claimsAwaitMode && mode != .drop { return }
        let probed = regions.filter(\.canBeClaimed)
        var taken = RegionClaims(by: claims, registering: probed.map(\.range))
        var made: [(range: AddressRange, decision: Decision)] = []
        for (place, region) in probed.enumerated() {
            if let reason = claim(region, place, &taken) { made.append((region.range, reason)) }
        }
        decide(made)
        if has("kmem") { bindKmem() }
    }

    /// cxl_dax_region_probe() for one region, if it can be claimed: the reason, if it fails.
    ///
    /// - Parameter place: Its place among the ranges of `taken`.
    mutating func claim(_ region: ModelRegion, _ place: Int, _ taken: inout RegionClaims) -> Decision? {
        if !region.canBeClaimed || taken.ofCxl.holder(of: region.range) != nil { return nil }
        if constants.refusesOverlap && taken.ofAll.holder(of: region.range) != nil {
            return Decision(
                [.firstClaimWins],
                "dax_hmem already has bytes of \(region.name), so dax_cxl fails on it (-ENOMEM)"
            )
        }
        guard region.range.isAligned(to: 2 << 20) else {
            return Decision([.alignment], "\(region.name) is not aligned to 2 MiB")
        }
        taken.ofCxl.register(place)
        taken.ofAll.register(place)
        claims.append(DaxClaim(owner: .cxl, ranges: [region.range], through: region.name))
        return nil
    }
}

// What dax_hmem's probe does.
extension KernelModel {
    /// What the probe of dax_hmem does with one HMEM range.
    private enum ProbeDecision: Equatable {
        /// It asks for a dax region over it.
        case register(Rule, String)
        /// It leaves it to CXL.
        case leave(Rule, String)
        /// It asks for one, and so does dax_cxl: whoever is first gets it.
        case race
    }

    /// drivers/dax/hmem/hmem.c: hmem_register_device() for every HMEM range.
    func probingHmem() -> [KernelModel] {
        if constants.generation == .allOrNothing { return [probingAllOrNothing()] }
        let known = ProbedRegions(regions)
        let decisions = constants.ranges.map { probeDecision(for: $0, known) }
        let isInitial = windowsAreLive && constants.ranges.contains(where: constants.meetsWindow)
        // Who wins one race says nothing about another: to win all of them and to lose all of them give every range its
        // possible owners.
        return (decisions.contains(.race) ? [true, false] : [true]).map { isFirst in
            var model = self
            var taken = TakenBytes(by: claims, registering: constants.ranges)
            var made: [(range: AddressRange, decision: Decision)] = []
            for (place, decision) in decisions.enumerated() {
                let range = constants.ranges[place]
                made.append((range, model.carryOut(decision, on: range, at: place, isFirst: isFirst, &taken)))
            }
            model.decide(made)
            // In the kernel kmem takes each device at once; none of these blocks another's dax region.
            let isNew = model.claims.count > claims.count && !constants.regionIsIdle
            if isNew && has("kmem") { model.bindKmem() }
            if isInitial { model.probeIsPending = false }
            return model
        }
    }

    private func probeDecision(for range: AddressRange, _ known: ProbedRegions) -> ProbeDecision {
        let generation = constants.generation
        if generation == .hmemOnly { return .register(.hmemOwnsAll, "this kernel has no dax_cxl") }
        guard constants.meetsWindow(range) else { return .register(.outsideWindows, "\(range) lies in no CXL window") }
        guard windowsAreLive else {
            return .register(.noWindow, "\(whyNoWindows), so \(range) lies in no CXL window")
        }
        if generation == .deferring { return .leave(.deferToCxl, "\(range) overlaps a CXL window") }
        if probeIsPending {
            if let region = known.committed(containing: range) {
                return .leave(.initialProbeRegion, "\(region.name) contains \(range) at the initial probe")
            }
            return .register(.initialProbeHmem, "no committed region contains \(range) at the initial probe")
        }
        guard generation == .unfixed else {
            return .leave(.laterProbeDefers, "the initial probe is done and \(range) overlaps a CXL window")
        }
        return known.canBeClaimed(over: range)
            ? .race : .register(.reloadRace, "there is no region that dax_cxl could register first")
    }

    private mutating func carryOut(
        _ decision: ProbeDecision,
        on range: AddressRange,
        at place: Int,
        isFirst: Bool,
        _ taken: inout TakenBytes
    ) -> Decision {
        switch decision {
        case .register(let rule, let why): register(range, at: place, rule, why, &taken)
        case .leave(let rule, let why): Decision([rule], why)
        case .race where isFirst:
            register(range, at: place, .reloadRace, "dax_hmem registers \(range) first", &taken)
        case .race: Decision([.reloadRace], "dax_cxl registers \(range) first")
        }
    }

    /// drivers/dax/hmem/hmem.c: dax_hmem_probe(), which asks for a dax region over the HMEM range at `place`.
    ///
    /// - Returns: Why it gets one or not.
    mutating func register(
        _ range: AddressRange,
        at place: Int,
        _ rule: Rule,
        _ why: String,
        _ taken: inout TakenBytes
    ) -> Decision {
        guard range.isAligned(to: 2 << 20) else {
            return Decision([.alignment], "\(range) is not aligned to 2 MiB")
        }
        if constants.refusesOverlap, let other = taken.holder(of: range) {
            return Decision([rule, .firstClaimWins], "\(other) already has bytes of \(range)")
        }
        taken.register(place)
        if constants.regionIsIdle {
            claims.append(DaxClaim(owner: .hmem, ranges: [], reserved: [range], through: "hmem"))
            return Decision([rule, .regionIdle], "dax_hmem.region_idle is set: its region has no device")
        }
        claims.append(DaxClaim(owner: .hmem, ranges: [range], through: "hmem"))
        return Decision([rule], why)
    }
}

/// The regions as a probe of dax_hmem finds them, by their bytes.
struct ProbedRegions {
    private let present: [ModelRegion]
    private let index: RangeIndex
    private let claimable: RangeIndex

    init(_ regions: [ModelRegion]) {
        present = regions.filter { $0.isPresent && $0.isCommitted }
        index = RangeIndex(present.map(\.range))
        claimable = RangeIndex(regions.filter(\.canBeClaimed).map(\.range))
    }

    func committed(containing range: AddressRange) -> ModelRegion? {
        index.places(overlapping: range).first { present[$0].range.contains(range) }.map { present[$0] }
    }

    func canBeClaimed(over range: AddressRange) -> Bool { claimable.overlaps(range) }
}

/// Which bytes are in a dax region while a driver registers one range after the other; n of them take O(n log n).
struct TakenBytes {
    private let claims: [DaxClaim]
    private let index: HolderIndex
    private let ranges: RangeIndex
    private var isRegistered: [Bool]

    init(by claims: [DaxClaim], registering ranges: [AddressRange]) {
        self.claims = claims
        index = HolderIndex(claims.map { $0.reserved.isEmpty ? $0.ranges : $0.ranges + $0.reserved })
        self.ranges = RangeIndex(ranges)
        isRegistered = Array(repeating: false, count: ranges.count)
    }

    mutating func register(_ place: Int) { isRegistered[place] = true }

    /// What the first region that has bytes of `range` hangs below.
    func holder(of range: AddressRange) -> String? {
        if let place = index.first(overlapping: range) { return claims[place].through }
        return ranges.places(overlapping: range).contains { isRegistered[$0] } ? "hmem" : nil
    }
}

/// The bytes that are taken while dax_cxl claims regions: those of its own devices, and those of all.
struct RegionClaims {
    var ofCxl: TakenBytes
    var ofAll: TakenBytes

    init(by claims: [DaxClaim], registering ranges: [AddressRange]) {
        ofCxl = TakenBytes(by: claims.filter { $0.owner == .cxl }, registering: ranges)
        ofAll = TakenBytes(by: claims, registering: ranges)
    }
}
