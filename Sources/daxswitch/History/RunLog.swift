import FoundationEssentials

/// Where a run leaves word of itself: the history, and journald where there is one.
enum RunLog {
    /// Now, as records have it.
    static var now: String { Date.now.ISO8601Format() }

    /// Leaves word of a run that has ended; what goes wrong here changes nothing about how it ended.
    static func leave(_ record: HistoryRecord, root: String = "", journal: JournalSocket = JournalSocket()) {
        journal.send(fields(record))
        do {
            try History.add(record, root: root)
        } catch {
            // Who may not change the machine may not write its history either, and has been told the one.
            guard record.exitCode != ExitStatus.notPermitted.rawValue else { return }
            Output.complain("this run is not in the history: \(error)")
        }
    }

    /// The fields of the entry in journald.
    static func fields(_ record: HistoryRecord) -> [(name: String, value: String)] {
        let subject = record.policy.map { " \($0)" } ?? ""
        let reason = record.error.map { ": \($0)" } ?? ""
        return [
            ("MESSAGE", "\(record.command)\(subject): \(record.outcome)\(reason)"), ("PRIORITY", priority(record)),
            ("SYSLOG_IDENTIFIER", "daxswitch"), ("DAXSWITCH_COMMAND", record.command),
            ("DAXSWITCH_POLICY", record.policy ?? ""), ("DAXSWITCH_OUTCOME", record.outcome),
            ("DAXSWITCH_CHANGED", record.changed ? "1" : "0"), ("DAXSWITCH_EXIT_CODE", "\(record.exitCode)"),
            ("DAXSWITCH_STEPS", record.steps.joined(separator: " ")),
            ("DAXSWITCH_HAZARDS", record.hazards.joined(separator: " ")),
        ]
    }

    /// syslog(3): notice for a change, info where there was nothing to do, warning where it was refused, else error.
    private static func priority(_ record: HistoryRecord) -> String {
        switch record.exitCode {
        case 0: record.changed ? "5" : "6"
        case Int(ExitStatus.refused.rawValue): "4"
        default: "3"
        }
    }
}
