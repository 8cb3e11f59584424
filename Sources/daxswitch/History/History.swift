import FoundationEssentials
import Inspection
import LinuxSystem

/// The records of all runs on a machine, in `/var/lib/daxswitch/history.jsonl`.
enum History {
    /// Where the records are, inside the root; the older ones stand in the file with `.1` behind its name.
    static let path = "/var/lib/daxswitch/history.jsonl"

    /// What was kept, the oldest first, and how many lines made no sense.
    static func read(root: String) throws(InspectionError) -> (records: [HistoryRecord], unreadable: Int) {
        let tree = DirectoryTree(root: root)
        var records: [HistoryRecord] = []
        var unreadable = 0
        for path in [path + ".1", path] {
            for line in try tree.text(path)?.split(separator: "\n") ?? [] {
                // A crash can cut a line off, and a later version may write others.
                if let record = record(line) { records.append(record) } else { unreadable += 1 }
            }
        }
        return (records, unreadable)
    }

    /// Adds a record.
    ///
    /// - Throws: `SystemError` where it can't be written; the file is then as it was.
    static func add(_ record: HistoryRecord, root: String = "") throws(SystemError) {
        try LineLog(root + path, sizeLimit: 1 << 20).append(recordDocument(record).renderedLine)
    }

    private static func record(_ line: Substring) -> HistoryRecord? {
        let data = Data(line.utf8)
        let decoder = JSONDecoder()
        guard let heading = try? decoder.decode(PlanFile.Heading.self, from: data),
            heading.schemaVersion == schemaVersion, heading.kind == "record"
        else { return nil }
        return try? decoder.decode(HistoryRecord.self, from: data)
    }
}
