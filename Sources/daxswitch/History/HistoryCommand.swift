import ArgumentParser
import Inspection
import LinuxSystem
import Reload

/// `history`: what was carried out on this machine.
struct HistoryCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "history",
        _superCommandName: Daxswitch.name,
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

/// `history` for people: how the last run ended and what has not ended, then a line for each run, the newest last.
func historyText(_ records: [HistoryRecord], _ unfinished: [UnfinishedWork] = [], style: Style) -> [Line] {
    // Nothing is as important as a run that was cut off.
    let stopped = unfinished.filter(\.isInTheWay).flatMap { work in
        wrapped("\(ended(work.failure.message))", after: style.bad("Interrupted"), indent: 0)
    }
    let others = unfinished.lines(style)
    let sections = [
        stopped + (records.last.map { lastRunText($0, style) } ?? (stopped.isEmpty ? ["No runs yet."] : [])),
        others, records.isEmpty ? [] : recordsText(records, style),
    ]
    return Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
}

/// `Last run: apply hmem, done in 4.2 s, 2026-11-23 09:41:07 UTC`.
private func lastRunText(_ record: HistoryRecord, _ style: Style) -> [Line] {
    let command = record.command + (record.policy.map { " \($0)" } ?? "")
    let outcome = Line(record.outcome.replacing("-", with: " ") + (record.tookText.map { " in \($0)" } ?? ""))
    return ["Last run: \(command), " + record.emphasised(outcome, style) + ", \(record.timeText) UTC"]
}

/// Runs as a table. Of many, the newest.
private func recordsText(_ records: [HistoryRecord], _ style: Style) -> [Line] {
    let detail = Detail(allOption: "--json")
    let newest = Folded(records.reversed(), detail)
    let rows = newest.shown.reversed().map { record -> [Line] in
        [
            "\(record.timeText)", "\(record.command)", "\(record.policy ?? "-")",
            record.emphasised("\(record.outcome)", style), "\(record.exitCode)",
            Line(record.changed ? "\(record.steps.count)" : "0"), "\(record.tookText ?? "-")",
            Line(record.error ?? (record.exitCode == 0 ? "" : record.hazards.joined(separator: ", "))),
        ]
    }
    let heads = ["TIME (UTC)", "COMMAND", "POLICY", "OUTCOME", "EXIT", "STEPS", "TOOK", ""]
    return newest.rest("runs", detail, style) + aligned([heads.map { style.strong(Line($0)) }] + rows)
}

extension HistoryRecord {
    /// `2026-11-23 09:41:07`; a time of another form as it is.
    fileprivate var timeText: String {
        guard time.utf8.count == 20, time.hasSuffix("Z") else { return time }
        return String(time.dropLast().replacing("T", with: " "))
    }

    /// How long it took; nil if that is not known.
    fileprivate var tookText: String? {
        durationMilliseconds.map { daxswitch.timeText(.milliseconds(max($0, 0))) }
    }

    /// A text in the colour of how it ended.
    fileprivate func emphasised(_ line: Line, _ style: Style) -> Line {
        switch ExitStatus(rawValue: Int32(clamping: exitCode)) {
        case .done: style.good(line)
        case .refused: style.careful(line)
        default: style.bad(line)
        }
    }
}
