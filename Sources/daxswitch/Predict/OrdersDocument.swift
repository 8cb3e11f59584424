import Machine
import Ownership

/// `predict --all-orders --json`.
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
                        "ranges": .list(prediction.ranges.map(predictedMembers)),
                        "hazards": hazardMembers(prediction.hazards),
                    ]
                }
            ),
        ]
    )
}
