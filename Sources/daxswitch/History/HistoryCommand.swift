import ArgumentParser
import Inspection
import LinuxSystem
import Reload

/// `history`: what was carried out on this machine.
struct HistoryCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the runs on this machine, the newest last.",
        discussion: """
            The records are in /var/lib/daxswitch/history.jsonl, older ones in history.jsonl.1. Recordings don't have them: \
            --root takes the root directory of a host, such as /mnt. Exits 5 if an interrupted run has no record.
            """
    )

    @OptionGroup var root: RootOption
    @OptionGroup var json: JSONOption
    @OptionGroup var colour: ColourOption

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        let history = try History.read(root: try directory)
        let unfinished = try unfinished()
        if wantsJSON {
            Output.print(historyDocument(history.records, unfinished, unreadable: history.unreadable))
        } else {
            Output.print(historyText(history.records, unfinished, style: colour.style))
        }
        if history.unreadable > 0 {
            Output.complain("\(counted(history.unreadable, "line")) of the history can't be read (not shown)")
        }
        return unfinished.contains(where: \.isInTheWay) ? .stopped : .done
    }

    /// The root directory; a capture, an archive and a text have no history.
    private var directory: String {
        get throws(Failure) {
            let path = root.root.path
            let problem: String
            do {
                if try FileStatus(path).kind == .directory { return path }
                problem = "not a directory. The history is read from a root directory; recordings don't have it"
            } catch {
                problem = error.cause ?? error.message
            }
            throw Failure(.badData, code: "bad-capture", "\(path): \(problem)")
        }
    }

    /// What was begun on this machine and has not ended. Who may not look is told so.
    private func unfinished() throws -> [UnfinishedWork] {
        guard root.root.isRunning else { return [] }
        do {
            return try UnfinishedWork.journals(bootID: Inspector().readBootID())
        } catch {
            let failure = Failure(error)
            guard failure.status == .notPermitted else { throw failure }
            Output.complain("whether a run was interrupted is not known: \(failure.message)")
            return []
        }
    }
}

/// `history --json`.
func historyDocument(_ records: [HistoryRecord], _ unfinished: [UnfinishedWork], unreadable: Int) -> JSONValue {
    document(
        "history",
        [
            "records": .list(records.map { .object(recordMembers($0)) }), "unfinished": unfinished.members,
            "unreadable_lines": JSONValue(unreadable),
        ]
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
        "error": JSONValue(record.error), "duration_milliseconds": JSONValue(record.durationMilliseconds),
        "confirm_within_seconds": JSONValue(record.confirmWithinSeconds),
    ]
}

/// `history` for people: a line for each run, the newest last, and then what has not ended.
func historyText(_ records: [HistoryRecord], _ unfinished: [UnfinishedWork] = [], style: Style) -> [Line] {
    let rest = unfinished.lines(style)
    guard !records.isEmpty else { return rest.isEmpty ? ["No runs yet."] : rest }
    let rows = records.map { record -> [Line] in
        [
            "\(record.time)", "\(record.command)", "\(record.policy ?? "-")", "\(record.outcome)",
            "\(record.exitCode)", Line(record.changed ? "\(record.steps.count)" : "0"),
            Line(
                record.error
                    ?? (record.outcome == "confirmed" ? "the run stays" : record.changed ? "" : "nothing changed")
            ),
        ]
    }
    return aligned([["TIME", "COMMAND", "POLICY", "OUTCOME", "EXIT", "STEPS"].map(style.strong)] + rows)
        + (rest.isEmpty ? [] : [""] + rest)
}
