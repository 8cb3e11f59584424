/// `apply --json`.
func applyDocument(_ report: ApplyReport) -> JSONValue {
    document(
        "apply",
        [
            "policy": JSONValue(report.policy), "changed": .bool(report.isChanged),
            "outcome": .text(report.outcome.rawValue), "steps": stepMembers(report.steps),
            "hazards": hazardMembers(report.hazards), "differences": differenceMembers(report.differences),
            "stale": .list(
                report.staleFacts.map {
                    ["fact": .text($0.fact), "before": JSONValue($0.before), "now": JSONValue($0.now)]
                }
            ),
            "error": report.error.map(errorMember) ?? .null,
        ]
    )
}
