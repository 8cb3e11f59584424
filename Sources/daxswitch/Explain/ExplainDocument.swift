import Machine
import Ownership

/// `explain --json`.
func explainDocument(_ explanation: Explanation) -> JSONValue {
    document(
        "explain",
        [
            "rules": .list(
                explanation.rules.map { rule in
                    let generations = Generation.allCases.filter(rule.holds(for:))
                    return [
                        "id": .text(rule.id), "statement": .text(rule.statement), "source": .text(rule.source),
                        "generations": JSONValue(generations.map(\.rawValue)),
                    ]
                }
            ),
            "hazards": .list(
                explanation.hazards.map { hazard in
                    [
                        "id": .text(hazard.rawValue), "meaning": .text(hazard.meaning),
                        "acceptable": .bool(hazard.isAcceptable), "severity": .text(hazard.severity.rawValue),
                    ]
                }
            ),
            "findings": .list(
                explanation.findings.map { finding in
                    [
                        "id": .text(finding.rawValue), "meaning": .text(finding.meaning),
                        "severity": .text(finding.severity.rawValue),
                    ]
                }
            ),
            "terms": .list(
                explanation.terms.map { term in
                    [
                        "word": .text(term.word), "group": .text(term.group.rawValue), "meaning": .text(term.meaning),
                        "source": JSONValue(term.source),
                    ]
                }
            ),
        ]
    )
}
