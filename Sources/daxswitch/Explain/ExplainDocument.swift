import Machine
import Ownership

/// `explain --json`.
func explainDocument(_ rules: [Rule], _ hazards: [Hazard.Identifier]) -> JSONValue {
    document(
        "explain",
        [
            "rules": .list(
                rules.map { rule in
                    let generations = Generation.allCases.filter(rule.holds(for:))
                    return [
                        "id": .text(rule.id), "statement": .text(rule.statement), "source": .text(rule.source),
                        "generations": JSONValue(generations.map(\.rawValue)),
                    ]
                }
            ),
            "hazards": .list(
                hazards.map { hazard in
                    [
                        "id": .text(hazard.rawValue), "meaning": .text(hazard.meaning),
                        "acceptable": .bool(Hazard.acceptable.contains(hazard)),
                    ]
                }
            ),
        ]
    )
}
