import Machine

/// The orders of the same modules that end alike.
package struct OrderOutcome: Sendable, Equatable {
    /// The orders that lead to it, each as the modules in the order in which they are loaded.
    package var orders: [[String]]
    /// The plan of the first of them. The others end with the same owners and the same hazards.
    package var plan: Plan

    /// A group of orders.
    package init(orders: [[String]], plan: Plan) {
        self.orders = orders
        self.plan = plan
    }
}

extension Planner {
    /// The largest number of modules that `allOrders` takes: 720 orders.
    package static let modulesAtMost = 6

    /// Every order of loading `modules`, after those that are loaded were removed, grouped by owners and hazards.
    ///
    /// The safest outcome comes first. The sequence of `modules` makes no difference.
    /// - Parameter modules: Names that a step can have, each once, at most `modulesAtMost`.
    package func allOrders(of modules: [String]) -> [OrderOutcome] {
        var outcomes: [OrderOutcome] = []
        for order in modules.sorted().permutations() {
            let plan = predict(reloading(order))
            if let same = outcomes.firstIndex(where: { $0.plan.ends(as: plan) }) {
                outcomes[same].orders.append(order)
            } else {
                outcomes.append(OrderOutcome(orders: [order], plan: plan))
            }
        }
        return outcomes.enumerated().sorted { one, other in
            let (left, right) = (one.element.plan.danger, other.element.plan.danger)
            return left == right ? one.offset < other.offset : left.lexicographicallyPrecedes(right)
        }.map(\.element)
    }

    /// The steps that remove those of `order` that are loaded, and then load all of them in this order.
    package func reloading(_ order: [String]) -> [Step] {
        Self.removalOrder.filter { order.contains($0) && machine.modules.loaded[$0] != nil }.map(Step.unload)
            + order.map(Step.load)
    }

    /// Users before what they use, so the kernel refuses no removal.
    private static let removalOrder = [
        "kmem", "device_dax", "dax_cxl", "dax_hmem", "cxl_acpi", "cxl_pmem", "cxl_pci", "cxl_mem", "cxl_port",
    ]
}

extension Plan {
    /// Whether all that is shown of an outcome is alike: the owners with their reasons, what is not certain, and the hazards.
    fileprivate func ends(as other: Plan) -> Bool {
        prediction.ranges == other.prediction.ranges && prediction.missingFacts == other.prediction.missingFacts
            && Set(hazards) == Set(other.hazards)
    }

    /// How dangerous it is, the most severe kind first: hazards that crash, that lose memory, that fail; ranges without one owner.
    fileprivate var danger: [Int] {
        [Hazard.Severity.crash, .loss, .failure].map { severity in hazards.count { $0.severity == severity } }
            + [prediction.ranges.count { $0.owners.count != 1 }]
    }
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
