/// `recover --json`.
func recoverDocument(_ report: RecoverReport) -> JSONValue {
    document(
        "recover",
        [
            "policy": JSONValue(report.policy), "changed": .bool(report.isChanged),
            "journal": .text(report.journal.rawValue), "outcome": .text(report.outcome.rawValue),
            "steps": stepMembers(report.steps), "hazards": hazardMembers(report.hazards),
            "differences": differenceMembers(report.differences), "error": report.error.map(errorMember) ?? .null,
        ]
    )
}
