import Ownership

/// `verify --json`.
func verifyDocument(_ differences: [Difference], policy: String?) -> JSONValue {
    document(
        "verify",
        [
            "policy": JSONValue(policy), "matches": .bool(differences.isEmpty),
            "differences": differenceMembers(differences),
        ]
    )
}
