/// `history` for people: a line for each run, the newest last.
func historyText(_ records: [HistoryRecord], style: Style) -> [String] {
    guard !records.isEmpty else { return ["Nothing was carried out yet."] }
    let rows = records.map { record in
        [
            record.time, record.command, record.policy ?? "-", record.outcome, "exit \(record.exitCode)",
            record.error ?? (record.changed ? counted(record.steps.count, "step") : "nothing changed"),
        ]
    }
    return aligned([["TIME", "COMMAND", "POLICY", "OUTCOME", "EXIT", ""].map(style.strong)] + rows)
}
