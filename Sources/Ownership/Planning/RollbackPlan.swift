import Iomem
import Machine

extension Planner {
    /// The steps that bring this machine back to `original`; nil where the model is not certain of any.
    ///
    /// Empty where it is as it was.
    package func wayBack(to original: OwnershipGoal) -> [Step]? {
        Self.candidates(to: original).lazy.map { predict($0) }.first { plan in
            plan.prediction.hazards.allSatisfy { Self.isOriginal.contains($0.id) } && plan.prediction.isCertain
                && original.differences(from: OwnershipGoal(after: plan, on: machine)).isEmpty
        }?.steps
    }

    /// What is no hazard where it was so before: the comparison with the original finds out what was not.
    private static let isOriginal: Set<Hazard.Identifier> = [.orphanedRange]

    /// The modules that policies switch, in the order in which they are loaded (`Rule.pmemNeedsBridge`: cxl_pmem first).
    private static let switched = [
        "cxl_port", "cxl_pmem", "cxl_acpi", "cxl_pci", "cxl_mem", "dax_hmem", "dax_cxl",
    ]

    private static func candidates(to original: OwnershipGoal) -> [[Step]] {
        let wasLoaded = { (module: String) in original.modules[module] == [.live] }
        let loads = (switched + Step.anytime.sorted()).filter(wasLoaded).map(Step.load)
        let gate: [Step] = [original.isHeld ? .hold : .release]
        let surplus = switched.reversed().filter { original.modules[$0] == [.absent] }.map(Step.unload)
        let dax: [Step] = [.unload("dax_cxl"), .unload("dax_hmem")]
        return [gate + surplus + loads, dax + gate + surplus + loads].map { $0 + original.uses }
    }
}
