/// `apply --json`.
func applyDocument(_ report: ApplyReport) -> JSONValue {
    document(
        "apply",
        [
            "policy": JSONValue(report.policy), "changed": .bool(report.isChanged),
            "outcome": .text(report.outcome.rawValue), "steps": stepMembers(report.steps),
            "hazards": hazardMembers(report.hazards), "differences": differenceMembers(report.differences),
            "error": report.error.map(errorMember) ?? .null,
        ]
    )
}
