import Iomem
import Machine
import Ownership
import SavedPlan

/// `predict --all-orders --json`: the safest outcome first.
func ordersDocument(_ outcomes: [OrderOutcome], modules: [String]) -> JSONValue {
    document(
        "orders",
        [
            "modules": JSONValue(modules),
            "outcomes": .list(
                outcomes.map { outcome in
                    let prediction = outcome.plan.prediction
                    return [
                        "orders": .list(outcome.orders.map { JSONValue($0) }),
                        "certain": .bool(prediction.isCertain),
                        "missing_facts": JSONValue(prediction.missingFacts),
                        "ranges": .form(prediction.ranges),
                        "hazards": .form(outcome.plan.hazards.groups),
                    ]
                }
            ),
        ]
    )
}

/// `predict --all-orders` for people: one block for each outcome, the owners with the rules that decide, then the orders
/// that lead to it.
func ordersText(_ outcomes: [OrderOutcome], style: Style) -> [Line] {
    let count = outcomes.map(\.orders.count).reduce(0, +)
    var lines = [style.strong("\(counted(count, "order")), \(counted(outcomes.count, "outcome"))")]
    for outcome in outcomes {
        let prediction = outcome.plan.prediction
        lines.append("")
        lines += aligned(
            prediction.ranges.map { range in
                let owners = range.owners.sorted().map(\.rawValue).joined(separator: " or ")
                return ["\(range.range)", owners, "[\(range.rules.joined(separator: ", "))]"]
            }
        )
        lines += prediction.missingFacts.flatMap { wrapped("Not certain: \($0)", indent: 4) }
        let hazards = outcome.plan.hazards.map { "\($0.id.rawValue) (\($0.subject))" }.joined(separator: ", ")
        if !hazards.isEmpty { lines += wrapped("Hazards: \(hazards)", indent: 4).map(style.bad) }
        lines += outcome.orders.map { "    \($0.joined(separator: ", "))" }
    }
    return lines
}
