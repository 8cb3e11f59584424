import Iomem
import Machine

/// Folds the models that are left after the last step into one prediction.
struct PredictionBuilder {
    let machine: MachineState
    let start: Unknowns
    let end: [KernelModel]

    func prediction() -> Prediction {
        let claimed = end.flatMap { $0.claims.flatMap(\.ranges) + $0.regions.map(\.range) }
        let known = claimed.filter { !start.supposedParts.contains($0) } + machine.daxDevices.flatMap(\.ranges)
        let ranges = trackedRanges(of: machine, cutAt: known)
        return Prediction(
            ranges: ranges.map(predict),
            modules: modules(),
            iomem: IomemModel(models: end, ranges: ranges, unknown: start.supposedParts).lines(),
            missingFacts: missingFacts(ranges)
        )
    }

    private func predict(_ range: AddressRange) -> PredictedRange {
        let uncut = start.uncut(range)
        let owners = Set(end.flatMap { model in uncut.map(model.owner) })
        let reasons = end.flatMap { model in uncut.map(model.reason) }
        let throughs = Set(
            end.flatMap { model in uncut.map { bytes in model.claims.first { $0.overlaps(bytes) }?.through } }
        )
        return PredictedRange(
            range: range,
            owners: owners,
            through: throughs.count == 1 ? throughs.first ?? nil : nil,
            rules: reasons.flatMap(\.rules).uniqued(),
            why: reasons.map(\.why).uniqued().joined(separator: "; or "),
            facts: facts(for: range)
        )
    }

    private func modules() -> [String: Set<ModuleStanding>] {
        var result: [String: Set<ModuleStanding>] = [:]
        for module in Step.modules { result[module] = Set(end.flatMap { $0.standings(of: module) }) }
        return result
    }

    /// The facts on which the outcome turns: with the others equal, a different answer gives different owners.
    private func missingFacts(_ ranges: [AddressRange]) -> [String] {
        let uncut = ranges.flatMap(start.uncut)
        let outcomes = end.map { model in (assumed: model.assumptions, owners: uncut.map(model.owner)) }
        return start.facts.filter { fact in
            let byOthers = Dictionary(grouping: outcomes) { outcome in outcome.assumed.filter { $0.key != fact.id } }
            return byOthers.values.contains { group in
                group.contains { one in
                    group.contains { $0.assumed[fact.id] != one.assumed[fact.id] && $0.owners != one.owners }
                }
            }
        }.map(\.words)
    }
}

extension KernelModel {
    /// The rules and the words behind the owner of `range`.
    func reason(for range: AddressRange) -> Decision {
        let over = claims.filter { $0.overlaps(range) }
        let decided = decisions.filter { $0.key.overlaps(range) }
            .sorted { $0.key.size < $1.key.size }
        if over.count > 1 {
            return Decision(
                rules: [Rule.bothClaim.id],
                why: over.map(\.through).joined(separator: " and ") + " both hold the bytes"
            )
        }
        if let claim = over.first, claim.owner == .cxl {
            return Decision(
                rules: (decided.first?.value.rules ?? []).filter { $0 != Rule.noDriver.id } + [Rule.cxlClaimsRegion.id],
                why: "dax_cxl holds \(claim.through) (\(claim.ranges.map(\.description).joined(separator: ", ")))"
            )
        }
        if let decision = decided.first?.value { return decision }
        if over.first != nil {
            return Decision(rules: [hmemRule(range).id], why: "dax_hmem holds it already, and no step changes that")
        }
        if !has("dax_hmem") && !has("dax_cxl") {
            return Decision(rules: [Rule.noDriver.id], why: "neither dax_hmem nor dax_cxl is loaded")
        }
        if constants.hmemIsDisabled {
            return Decision(
                rules: [Rule.hmemDisabled.id] + (constants.generation == .hmemOnly ? [] : [Rule.noRegion.id]),
                why: "device_hmem.disable is set: dax_hmem has no range"
                    + (constants.generation == .hmemOnly ? "" : ", and no assembled region lies over it")
            )
        }
        if !constants.ranges.contains(where: range.overlaps), !constants.ranges.isEmpty,
            regions.allSatisfy({ !$0.range.overlaps(range) })
        {
            return Decision(rules: [Rule.proximityRanges.id], why: "\(range) is in no HMEM range")
        }
        return Decision(rules: [Rule.noRegion.id], why: "no assembled region lies over it, and dax_hmem left it")
    }

    private func hmemRule(_ range: AddressRange) -> Rule {
        if constants.generation == .hmemOnly { return .hmemOwnsAll }
        return constants.meetsWindow(range) ? (windowsAreLive ? .initialProbeHmem : .noWindow) : .outsideWindows
    }
}

extension KernelModel {
    /// How `module` can stand: as it does, or as udev makes it stand soon.
    fileprivate func standings(of module: String) -> [ModuleStanding] {
        if constants.builtin.contains(module) { return [.builtin] }
        if loaded.contains(module) { return [.live] }
        if constants.modules.isMissing(module) { return [.missing] }
        return maySoonHave(module) ? [.absent, .live] : [.absent]
    }

    /// Whether udev, where it runs, loads `module` at its own time: `cxl_pmem` for the nvdimm bridge that `cxl_acpi`
    /// makes (drivers/cxl/acpi.c: add_root_nvdimm_bridge(); the alias in drivers/cxl/pmem.c; seen on 6.12).
    ///
    /// The hold keeps `cxl_acpi` out and nothing else: the kernel's request for `cxl_pci` can be granted all the same
    /// (drivers/dax/hmem/hmem.c, 7.1 on: dax_hmem_init()).
    private func maySoonHave(_ module: String) -> Bool {
        switch module {
        case "cxl_pmem": has("cxl_acpi")
        case "cxl_pci": constants.asksForCxl && isHeld && loaded.contains("dax_hmem") && isGranted("cxl_pci")
        case "cxl_mem": constants.modules.needs(of: "cxl_pci").contains("cxl_mem") && maySoonHave("cxl_pci")
        default: false
        }
    }
}
