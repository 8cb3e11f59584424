/// `history --json`.
func historyDocument(_ records: [HistoryRecord], unreadable: Int) -> JSONValue {
    document(
        "history",
        ["records": .list(records.map { .object(recordMembers($0)) }), "unreadable_lines": JSONValue(unreadable)]
    )
}

/// A line of the file.
func recordDocument(_ record: HistoryRecord) -> JSONValue { document("record", recordMembers(record)) }

private func recordMembers(_ record: HistoryRecord) -> [String: JSONValue] {
    [
        "time": .text(record.time), "version": .text(record.version), "command": .text(record.command),
        "host": JSONValue(record.host), "boot_id": JSONValue(record.bootID),
        "kernel_release": JSONValue(record.kernelRelease), "policy": JSONValue(record.policy),
        "outcome": .text(record.outcome), "changed": .bool(record.changed), "exit_code": JSONValue(record.exitCode),
        "steps": JSONValue(record.steps), "hazards": JSONValue(record.hazards),
        "accepted": JSONValue(record.accepted), "differences": JSONValue(record.differences),
        "error": JSONValue(record.error),
    ]
}
