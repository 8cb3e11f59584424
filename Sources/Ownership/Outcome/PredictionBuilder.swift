import Iomem
import Machine

/// Folds the models that are left after the last step into one prediction, in O(n log n) for n ranges, regions and devices.
struct PredictionBuilder {
    private let machine: MachineState
    private let start: Unknowns
    private let end: [ModelIndex]

    init(machine: MachineState, start: Unknowns, end: [ModelIndex]) {
        self.machine = machine
        self.start = start
        self.end = end
    }

    /// The models that are left.
    var models: [KernelModel] { end.map(\.model) }

    /// The prediction without what only a reader of a plan needs: most plans are made to see whether they have a hazard.
    func prediction() -> Prediction {
        let claimed = end.flatMap { $0.model.claims.flatMap(\.ranges) + $0.model.regions.map(\.range) }
        let supposed = Set(start.supposedParts)
        let known = claimed.filter { !supposed.contains($0) } + machine.daxDevices.flatMap(\.ranges)
        let under = start.models.first?.constants.under ?? UnitMemory(of: machine)
        let restored = end.flatMap(\.model.restored).uniqued()
        let ranges = trackedRanges(of: machine, under, cutAt: known, restored: restored)
        return Prediction(
            ranges: ranges.map(predict),
            modules: modules(),
            iomem: [],
            missingFacts: missingFacts(ranges)
        )
    }

    /// `prediction`, which this builder made, with the lines of iomem and with the facts about each range.
    func completed(_ prediction: Prediction) -> Prediction {
        let evidence = PredictionEvidence(machine, start)
        let ranges = prediction.ranges.map(\.range)
        var prediction = prediction
        for place in ranges.indices { prediction.ranges[place].note(evidence) }
        prediction.iomem = IomemModel(models: models, ranges: ranges, unknown: start.supposedParts).lines()
        return prediction
    }

    private func predict(_ range: AddressRange) -> PredictedRange {
        let uncut = start.uncut(range)
        // Most machines leave nothing open.
        if end.count == 1, uncut.count == 1 {
            let reason = end[0].reason(for: range)
            return PredictedRange(
                range: range,
                owners: end[0].owner(of: range).alone,
                through: end[0].through(range),
                rules: reason.rules.uniqued(),
                why: reason.why
            )
        }
        let owners = Set(end.flatMap { model in uncut.map(model.owner) })
        let reasons = end.flatMap { model in uncut.map(model.reason) }
        let throughs = Set(
            end.flatMap { model in uncut.map(model.through) }
        )
        return PredictedRange(
            range: range,
            owners: owners,
            through: throughs.count == 1 ? throughs.first ?? nil : nil,
            rules: reasons.flatMap(\.rules).uniqued(),
            why: reasons.map(\.why).uniqued().joined(separator: "; or ")
        )
    }

    private func modules() -> [String: Set<ModuleStanding>] {
        var result: [String: Set<ModuleStanding>] = [:]
        for module in Step.modules { result[module] = Set(end.flatMap { $0.model.standings(of: module) }) }
        return result
    }

    /// The facts on which the outcome turns: with the others equal, a different answer gives different owners.
    private func missingFacts(_ ranges: [AddressRange]) -> [String] {
        if start.facts.isEmpty { return [] }
        let uncut = ranges.flatMap(start.uncut)
        let outcomes = end.map { end in (assumed: end.model.assumptions, owners: uncut.map(end.owner)) }
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
    /// How `module` can stand: as it does, or as udev makes it stand soon.
    fileprivate func standings(of module: String) -> [ModuleStanding] {
        if constants.builtin.contains(module) { return [has(module) ? .builtin : .unbound] }
        if loaded.contains(module) { return [.live] }
        if constants.modules.isMissing(module) { return [.missing] }
        return maySoonHave(module) ? [.absent, .live] : [.absent]
    }

    /// Whether udev, where it runs, loads `module` at its own time: `cxl_pmem` for the nvdimm bridge that `cxl_acpi`
    /// makes (drivers/cxl/acpi.c: add_root_nvdimm_bridge(); the alias in drivers/cxl/pmem.c; seen on 6.12).
    ///
    /// The hold keeps `cxl_acpi` out and nothing else: the kernel's request for `cxl_pci` can be granted anyway
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

extension Owner {
    /// The set of this one: made once, since there is one for each range.
    fileprivate var alone: Set<Owner> { Self.sets[self] ?? [self] }

    private static let sets = Dictionary(uniqueKeysWithValues: allCases.map { ($0, Set([$0])) })
}
