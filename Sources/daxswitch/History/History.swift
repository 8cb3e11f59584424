import FoundationEssentials
import Inspection
import LinuxSystem

/// The records of all runs on a machine, in `/var/lib/daxswitch/history.jsonl`.
enum History {
    /// Where the records are, inside the root; the older ones stand in the file with `.1` behind its name.
    static let path = "/var/lib/daxswitch/history.jsonl"

    /// The files, the older records first.
    static let files = [path + ".1", path]

    /// What was kept, the oldest first, and how many lines made no sense. What is `known` of the files is not read again.
    static func read(
        root: String,
        known: [String: [UInt8]?] = [:]
    ) throws(InspectionError) -> (records: [HistoryRecord], unreadable: Int) {
        let tree = PatientTree(root: root, known: known)
        var records: [HistoryRecord] = []
        var unreadable = 0
        for path in files {
            for line in try tree.text(path)?.lines ?? [] {
                // A crash can cut a line off, and a later version may write others.
                if let record = record(line) { records.append(record) } else { unreadable += 1 }
            }
        }
        return (records, unreadable)
    }

    /// Adds a record, from a child process: a dead file system must not hold up a run that has ended.
    ///
    /// - Throws: `SystemError` where it can't be written; the file is then as it was.
    static func add(_ record: HistoryRecord, root: String = "") throws(SystemError) {
        let line = recordDocument(record).renderedLine
        let log = LineLog(root + path, sizeLimit: 1 << 20)
        guard root.isEmpty else { return try log.append(line) }
        let failure = try WatchedReading().answer { note in
            do throws(SystemError) {
                try note.during(path) { () throws(SystemError) in try log.append(line) }
                return []
            } catch {
                return Array("\(error)".utf8)
            }
        }
        if !failure.isEmpty { throw SystemError(.unavailable, String(decoding: failure, as: UTF8.self)) }
    }

    /// What says whether the rest of a line can be read.
    private struct Heading: Decodable {
        let schemaVersion: Int
        let kind: String

        enum CodingKeys: String, CodingKey {
            case schemaVersion = "schema_version"
            case kind
        }
    }

    private static func record(_ line: Substring) -> HistoryRecord? {
        guard let heading = try? Heading(json: line.utf8),
            heading.schemaVersion == schemaVersion, heading.kind == "record"
        else { return nil }
        return try? HistoryRecord(json: line.utf8)
    }
}

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
            Output.complain("this run could not be added to the history: \(error)")
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
