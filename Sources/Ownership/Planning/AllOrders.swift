import Machine

/// What several orders of the same modules bring alike.
package struct OrderOutcome: Sendable, Equatable {
    /// The orders that lead to it, each as the modules in the order in which they are loaded.
    package var orders: [[String]]
    /// The plan of the first of them; the owners of the others are the same.
    package var plan: Plan

    /// A group of orders.
    package init(orders: [[String]], plan: Plan) {
        self.orders = orders
        self.plan = plan
    }
}

extension Planner {
    /// As many modules as `allOrders` takes: 720 orders.
    package static let modulesAtMost = 6

    /// Every order of loading `modules`, those that are loaded having been removed first, grouped by who ends with what.
    ///
    /// - Parameter modules: Names that a step can have, each once, at most `modulesAtMost`.
    package func allOrders(of modules: [String]) -> [OrderOutcome] {
        let removals = Self.removalOrder.filter { modules.contains($0) && machine.modules.loaded[$0] != nil }
        var outcomes: [OrderOutcome] = []
        for order in modules.permutations() {
            let plan = predict(removals.map(Step.unload) + order.map(Step.load))
            let same = outcomes.firstIndex {
                $0.plan.prediction.ranges.map(\.outcome) == plan.prediction.ranges.map(\.outcome)
            }
            if let same {
                outcomes[same].orders.append(order)
            } else {
                outcomes.append(OrderOutcome(orders: [order], plan: plan))
            }
        }
        return outcomes
    }

    /// Users before what they use, so that the kernel refuses no removal.
    private static let removalOrder = [
        "kmem", "device_dax", "dax_cxl", "dax_hmem", "cxl_acpi", "cxl_pmem", "cxl_pci", "cxl_mem", "cxl_port",
    ]
}

extension PredictedRange {
    fileprivate var outcome: String { "\(range) \(owners.sorted())" }
}

extension Array {
    /// Every order of the elements, the given one first.
    func permutations() -> [[Element]] {
        guard count > 1 else { return [self] }
        return indices.flatMap { index in
            var rest = self
            let first = rest.remove(at: index)
            return rest.permutations().map { [first] + $0 }
        }
    }
}
