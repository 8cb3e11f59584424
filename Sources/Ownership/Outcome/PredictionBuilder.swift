import Iomem
import Machine

/// Folds the worlds that are left after the last step into one prediction.
struct PredictionBuilder {
    let machine: MachineState
    let start: Unknowns
    let end: [KernelModel]

    func prediction() -> Prediction {
        let claimed = end.flatMap { $0.claims.flatMap(\.ranges) + $0.regions.map(\.range) }
        let known = claimed.filter { !start.supposedParts.contains($0) } + machine.daxDevices.flatMap(\.ranges)
        let tiles = tiles(of: machine, cutAt: known)
        let ranges = tiles.map(predict)
        return Prediction(
            ranges: ranges,
            modules: modules(),
            iomem: IomemModel(machine: machine, worlds: end, tiles: tiles, unknown: start.supposedParts).lines(),
            hazards: [],
            missingFacts: missingFacts(tiles)
        )
    }

    private func predict(_ tile: AddressRange) -> PredictedRange {
        let pieces = start.pieces(of: tile)
        let owners = Set(end.flatMap { world in pieces.map(world.owner) })
        let reasons = end.flatMap { world in pieces.map(world.reason) }
        let throughs = Set(
            end.flatMap { world in pieces.map { piece in world.claims.first { $0.overlaps(piece) }?.through } }
        )
        return PredictedRange(
            range: tile,
            owners: owners,
            through: throughs.count == 1 ? throughs.first ?? nil : nil,
            rules: reasons.flatMap(\.rules).uniqued(),
            why: reasons.map(\.why).uniqued().joined(separator: "; or "),
            facts: facts(for: tile)
        )
    }

    private func modules() -> [String: Set<ModuleStanding>] {
        var result: [String: Set<ModuleStanding>] = [:]
        for module in Step.modules {
            result[module] = Set(
                end.flatMap { world -> [ModuleStanding] in
                    if world.builtin.contains(module) { return [.builtin] }
                    if world.loaded.contains(module) { return [.live] }
                    if machine.modules.state(of: module) == .missing { return [.missing] }
                    return world.maySoonHave(module) ? [.absent, .live] : [.absent]
                }
            )
        }
        return result
    }

    /// The facts on which the outcome turns: with the others equal, a different answer gives different owners.
    private func missingFacts(_ tiles: [AddressRange]) -> [String] {
        let pieces = tiles.flatMap(start.pieces)
        let outcomes = end.map { world in (assumed: world.assumptions, owners: pieces.map(world.owner)) }
        return start.facts.indices.filter { fact in
            let byOthers = Dictionary(grouping: outcomes) { outcome in outcome.assumed.filter { $0.key != fact } }
            return byOthers.values.contains { group in
                group.contains { one in
                    group.contains { $0.assumed[fact] != one.assumed[fact] && $0.owners != one.owners }
                }
            }
        }.map { start.facts[$0] }
    }
}

extension KernelModel {
    /// Who has a dax device over bytes that no edge cuts.
    func owner(of tile: AddressRange) -> Owner {
        let owners = Set(claims.filter { $0.overlaps(tile) }.map(\.owner))
        return owners.count > 1 ? .both : owners.first ?? .none
    }

    /// The rules and the words behind the owner of `tile`.
    func reason(for tile: AddressRange) -> Decision {
        let over = claims.filter { $0.overlaps(tile) }
        let decided = decisions.filter { $0.key.overlaps(tile) }
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
            return Decision(rules: [hmemRule(tile).id], why: "dax_hmem holds it already, and no step changes that")
        }
        if !has("dax_hmem") && !has("dax_cxl") {
            return Decision(rules: [Rule.noDriver.id], why: "neither dax_hmem nor dax_cxl is loaded")
        }
        if hmemIsDisabled {
            return Decision(
                rules: [Rule.hmemDisabled.id] + (generation == .hmemOnly ? [] : [Rule.noRegion.id]),
                why: "device_hmem.disable is set: dax_hmem has no range"
                    + (generation == .hmemOnly ? "" : ", and no assembled region lies over it")
            )
        }
        if !ranges.contains(where: tile.overlaps), !ranges.isEmpty, regions.allSatisfy({ !$0.range.overlaps(tile) }) {
            return Decision(rules: [Rule.proximityRanges.id], why: "\(tile) is in no HMEM range")
        }
        return Decision(rules: [Rule.noRegion.id], why: "no assembled region lies over it, and dax_hmem left it")
    }

    private func hmemRule(_ tile: AddressRange) -> Rule {
        if generation == .hmemOnly { return .hmemOwnsAll }
        return meetsKnownWindow(tile) ? (windowsAreLive ? .initialProbeHmem : .noWindow) : .outsideWindows
    }
}

extension KernelModel {
    /// Whether udev, where it runs, loads `module` at its own time: `cxl_pmem` for the nvdimm bridge that `cxl_acpi`
    /// makes (drivers/cxl/acpi.c: add_root_nvdimm_bridge(); the alias in drivers/cxl/pmem.c; seen on 6.12).
    ///
    /// The hold keeps `cxl_acpi` out and nothing else: the kernel's request for `cxl_pci` can be granted all the same
    /// (drivers/dax/hmem/hmem.c, 7.1 on: dax_hmem_init()).
    fileprivate func maySoonHave(_ module: String) -> Bool {
        switch module {
        case "cxl_pmem": has("cxl_acpi")
        case "cxl_pci": asksForCxl && isHeld && loaded.contains("dax_hmem") && modules.isGranted("cxl_pci")
        case "cxl_mem": modules.needs(of: "cxl_pci").contains("cxl_mem") && maySoonHave("cxl_pci")
        default: false
        }
    }
}
