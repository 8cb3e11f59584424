import Ownership

/// The last line of `plan --json` over many machines.
func fleetDocument(_ tally: FleetTally, policy: String) -> JSONValue {
    document(
        "fleet",
        [
            "policy": .text(policy), "hosts": JSONValue(tally.hosts),
            "changes": JSONValue(tally.results[.changes, default: 0]),
            "nothing_to_do": JSONValue(tally.results[.nothingToDo, default: 0]),
            "refused": JSONValue(tally.results[.refused, default: 0]),
            "failed": JSONValue(tally.results[.failed, default: 0]), "uncertain": JSONValue(tally.uncertain),
            "refused_by": .object(
                Dictionary(tally.refusedBy.map { ($0.key.rawValue, JSONValue($0.value)) }) { first, _ in first }
            ),
            "failed_by": .object(tally.failedBy.mapValues { JSONValue($0) }),
        ]
    )
}
