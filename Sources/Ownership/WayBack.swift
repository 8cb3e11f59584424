import Iomem
public import Machine

extension Planner {
    /// The steps that bring this machine back to the owners of `original`; nil where the model is not certain of any.
    ///
    /// Empty where the owners are as they were and the same modules are in.
    public func wayBack(to original: MachineState) -> [Step]? {
        let wanted = segments(of: original)
        return Self.candidates(to: original).lazy.map { predict($0) }.first { plan in
            plan.prediction.hazards.isEmpty && plan.prediction.isCertain
                && plan.prediction.ranges.allSatisfy { predicted in
                    let owner = wanted.first { $0.range.contains(predicted.range) }?.owner ?? .none
                    return predicted.owners == [owner]
                }
                && Self.switched.allSatisfy { module in
                    plan.prediction.modules[module] == [original.modules.state(of: module)]
                }
        }?.steps
    }

    /// The modules that policies switch, in the order in which they are loaded.
    private static let switched = ["cxl_acpi", "cxl_pci", "cxl_mem", "dax_hmem", "dax_cxl"]

    private static func candidates(to original: MachineState) -> [[Step]] {
        let loads = switched.filter { original.modules.loaded[$0] != nil }.map(Step.load)
        let gate: [Step] = [original.isHeld ? .hold : .release]
        let surplus = switched.reversed().filter { original.modules.loaded[$0] == nil }.map(Step.unload)
        let dax: [Step] = [.unload("dax_cxl"), .unload("dax_hmem")]
        let uses = original.daxDevices.flatMap(\.ranges).flatMap(original.usesToRestore).uniqued()
        return [gate + surplus + loads + uses, dax + gate + surplus + loads + uses]
    }
}
