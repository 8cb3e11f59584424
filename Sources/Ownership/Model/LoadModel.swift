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
                    refusal: "the hold keeps cxl_acpi out: release it first (no errno, the kernel is not asked)"
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
        guard !has("cxl_acpi"), !isHeld, constants.modules.refusalToLoad("cxl_acpi") == nil else { return }
        insertNeeds(of: "cxl_acpi")
        if !has("cxl_port") { loaded.insert("cxl_port") }
        loaded.insert("cxl_acpi")
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
        for needed in constants.modules.needs(of: module) where !has(needed) { loaded.insert(needed) }
    }

    /// Regions that wait in programmed decoders appear once window, port and endpoints are there; those that lost their
    /// endpoints have them again.
    private mutating func showRegions() {
        guard seesDecoders, constants.generation != .hmemOnly else { return }
        for index in regions.indices where !regions[index].isPresent || regions[index].life == .detached {
            let range = regions[index].range
            // drivers/cxl/core/region.c: cxl_region_probe() makes no dax_region over System RAM.
            let isInUse =
                claims.contains { $0.driver == "kmem" && $0.overlaps(range) }
                || (leaked + constants.systemRAM).contains(where: range.overlaps)
            regions[index].appear(overMemory: isInUse)
            regions[index].lacksBridge = regions[index].mode == "pmem" && !has("cxl_pmem")
        }
        if has("dax_cxl") { claimRegions() }
    }

    private func loadingDaxHmem() -> StepOutcome {
        let modules = constants.modules
        var model = self
        if constants.loadsCxlFirst && !isHeld {
            // cxl_pmem comes before them, where modprobe's configuration has no command in place of a module that it needs
            // (that of ndctl has one for libnvdimm): daxswitch runs none, so that it does not count.
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
        let models = constants.asksForCxl && !has("dax_hmem") ? loadingDaxHmem().models : [self]
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
    private mutating func claimRegions() {
        for region in regions where region.canBeClaimed {
            if claims.contains(where: { $0.owner == .cxl && $0.excludes(region.range) }) { continue }
            if constants.asksForCxl && claims.contains(where: { $0.excludes(region.range) }) {
                decide(
                    region.range,
                    [.firstClaimWins],
                    "dax_hmem holds bytes of \(region.name): dax_cxl fails on it (-ENOMEM)"
                )
                continue
            }
            guard region.range.isAligned(to: 2 << 20) else {
                decide(region.range, [.alignment], "\(region.name) is not aligned to 2 MiB")
                continue
            }
            claims.append(DaxClaim(owner: .cxl, ranges: [region.range], through: region.name))
        }
        if has("kmem") { bindKmem() }
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
    private func probingHmem() -> [KernelModel] {
        let decisions = constants.ranges.map { (range: $0, decision: probeDecision(for: $0)) }
        let isInitial = decisions.contains { windowsAreLive && constants.meetsWindow($0.range) }
        // Who wins one race says nothing about another: to win all of them and to lose all of them give every range its
        // possible owners.
        return (decisions.contains { $0.decision == .race } ? [true, false] : [true]).map { isFirst in
            var model = self
            for (range, decision) in decisions { model.carryOut(decision, on: range, isFirst: isFirst) }
            if isInitial { model.probeIsPending = false }
            return model
        }
    }

    private func probeDecision(for range: AddressRange) -> ProbeDecision {
        let generation = constants.generation
        if generation == .hmemOnly { return .register(.hmemOwnsAll, "this kernel has no dax_cxl") }
        guard constants.meetsWindow(range) else { return .register(.outsideWindows, "\(range) meets no CXL window") }
        guard windowsAreLive else {
            return .register(.noWindow, "cxl_acpi is out, so that \(range) meets no window in iomem")
        }
        if generation == .deferring { return .leave(.deferToCxl, "\(range) meets a CXL window") }
        if probeIsPending {
            if let region = regions.first(where: { $0.isPresent && $0.isCommitted && $0.range.contains(range) }) {
                return .leave(.initialProbeRegion, "\(region.name) contains \(range) at the initial probe")
            }
            return .register(.initialProbeHmem, "no committed region contains \(range) at the initial probe")
        }
        guard generation == .unfixed else {
            return .leave(.laterProbeDefers, "the initial probe is over and \(range) meets a CXL window")
        }
        return regions.contains { $0.canBeClaimed && $0.range.overlaps(range) }
            ? .race : .register(.reloadRace, "no region is there that dax_cxl could register first")
    }

    private mutating func carryOut(_ decision: ProbeDecision, on range: AddressRange, isFirst: Bool) {
        switch decision {
        case .register(let rule, let why): register(range, rule, why)
        case .leave(let rule, let why): decide(range, [rule], why)
        case .race where isFirst: register(range, .reloadRace, "dax_hmem registers \(range) first")
        case .race: decide(range, [.reloadRace], "dax_cxl registers \(range) first")
        }
    }

    /// drivers/dax/hmem/hmem.c: dax_hmem_probe(), which asks for a dax region.
    private mutating func register(_ range: AddressRange, _ rule: Rule, _ why: String) {
        guard range.isAligned(to: 2 << 20) else {
            return decide(range, [.alignment], "\(range) is not aligned to 2 MiB")
        }
        if constants.asksForCxl, let other = claims.first(where: { $0.excludes(range) }) {
            return decide(range, [rule, .firstClaimWins], "\(other.through) already holds bytes of \(range)")
        }
        if constants.regionIsIdle {
            decide(range, [rule, .regionIdle], "dax_hmem.region_idle is set: its region has no device")
            claims.append(DaxClaim(owner: .hmem, ranges: [], reserved: [range], through: "hmem"))
            return
        }
        decide(range, [rule], why)
        claims.append(DaxClaim(owner: .hmem, ranges: [range], through: "hmem"))
        if has("kmem") { bindKmem() }
    }
}
