import Iomem
import Machine
import Ownership

/// `predict --all-orders` for people: one block for each outcome, the owners first, then the orders that lead to it.
func ordersText(_ outcomes: [OrderOutcome], machine: MachineState, style: Style) -> [String] {
    let count = outcomes.map(\.orders.count).reduce(0, +)
    var lines = [style.strong("\(counted(count, "order")), \(counted(outcomes.count, "outcome"))")]
    for outcome in outcomes {
        let prediction = outcome.plan.prediction
        lines.append("")
        lines += aligned(
            prediction.ranges.map { range in
                ["\(range.range)", range.owners.sorted().map(\.rawValue).joined(separator: " or ")]
            }
        )
        lines += prediction.missingFacts.flatMap { wrapped("Not certain: \($0)", indent: 4) }
        let hazards = prediction.hazards.map { "\($0.id.rawValue) (\($0.subject))" }.joined(separator: ", ")
        if !hazards.isEmpty { lines += wrapped("Hazards: \(hazards)", indent: 4).map(style.bad) }
        lines += outcome.orders.map { "    " + $0.joined(separator: ", ") }
    }
    return lines
}
