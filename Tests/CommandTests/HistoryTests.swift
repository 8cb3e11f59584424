import Foundation
import LinuxSystem
import TestCaptures
import Testing

@testable import daxswitch

@Suite("history")
struct HistoryTests {
    private let record = HistoryRecord(
        time: "2026-11-23T09:41:07Z",
        version: "0.1.0",
        command: "apply",
        host: "node7",
        bootID: "5a0f",
        kernelRelease: "7.3.4",
        policy: "hmem",
        outcome: "refused",
        changed: false,
        exitCode: 3,
        steps: ["unload:dax_cxl", "hold"],
        hazards: ["region-lost"],
        accepted: [],
        differences: 0,
        error: nil
    )

    private func file(_ root: String) -> String { root + History.path }

    @Test("what was added is read back, the newest last, and each line is as its schema says")
    func roundTrip() throws {
        let root = TestCaptures.newDirectory()
        var second = record
        (second.policy, second.outcome, second.changed, second.exitCode) = ("cxl", "done", true, 0)
        try History.add(record, root: root)
        try History.add(second, root: root)
        let read = try History.read(root: root)
        #expect(read.records == [record, second] && read.unreadable == 0)
        let lines = try String(contentsOfFile: file(root), encoding: .utf8).split(separator: "\n")
        for line in lines {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            #expect(try Schema(named: "record").problems(object) == [])
        }
        #expect(lines.count == 2)
    }

    @Test("the records are their owner's alone, also those that an earlier version wrote")
    func modes() throws {
        let root = TestCaptures.newDirectory()
        try History.add(record, root: root)
        #expect(try FileStatus(file(root)).permissions == 0o600)
        try FileManager.default.copyItem(atPath: file(root), toPath: file(root) + ".1")
        for path in [file(root), file(root) + ".1"] { unsafe chmod(path, 0o644) }
        try History.add(record, root: root)
        for path in [file(root), file(root) + ".1"] { #expect(try FileStatus(path).permissions == 0o600) }
    }

    @Test("a line that was cut off, and one from a later version, are left out and counted; the next run has its own")
    func cutOff() throws {
        let root = TestCaptures.newDirectory()
        try History.add(record, root: root)
        let handle = try #require(FileHandle(forWritingAtPath: file(root)))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"kind\":\"record\",\"schema_version\":2}\n{\"kind\":\"rec".utf8))
        try handle.close()
        try History.add(record, root: root)
        let read = try History.read(root: root)
        #expect(read.records == [record, record] && read.unreadable == 2)
        let shown = try Tool.run(["history", "--root", root])
        #expect(shown.status == 0)
        #expect(shown.complaint.contains("2 lines of the history can't be read"))
        #expect(shown.output.split(separator: "\n").count { $0.contains("  hmem ") } == 2)
    }

    @Test("a history of rubbish has no record and is no error; the next run adds its own")
    func rubbish() throws {
        let root = TestCaptures.newDirectory()
        try History.add(record, root: root)
        try Data([0xff, 0xfe, 0, 0x0a, 0x80, 0x80]).write(to: URL(fileURLWithPath: file(root)))
        #expect(try History.read(root: root).records == [])
        try History.add(record, root: root)
        let read = try History.read(root: root)
        #expect(read.records == [record] && read.unreadable == 2)
    }

    @Test("what has grown is put aside, still shown, and the one before that goes")
    func rotation() throws {
        let root = TestCaptures.newDirectory()
        var old = record
        old.error = String(repeating: "x", count: 1 << 20)
        try History.add(old, root: root)
        try History.add(record, root: root)
        #expect(try History.read(root: root).records == [old, record])
        let files = try FileManager.default.contentsOfDirectory(atPath: root + "/var/lib/daxswitch")
        #expect(files.sorted() == ["history.jsonl", "history.jsonl.1", "history.jsonl.lock"])
    }

    @Test("where nothing was carried out yet: empty, 0")
    func empty() throws {
        let root = TestCaptures.newDirectory()
        let document = try Tool.run(["history", "--json", "--root", root]).document()
        #expect((document["records"] as? [Any])?.isEmpty == true)
        #expect(try Schema(named: "history").problems(document) == [])
    }

    @Test("the last run comes first, then a line for each, with times and what stood in the way")
    func text() {
        var (first, last) = (record, record)
        (first.outcome, first.changed, first.exitCode) = ("done", true, 0)
        (first.steps, first.durationMilliseconds) = (["unload:dax_cxl", "hold"], 4200)
        last.time = "2026-11-24T10:00:00Z"
        let lines = historyText([first, last], style: Style(hasColour: false)).flatMap { $0.broken(at: 80) }.map(\.text)
        #expect(
            lines == [
                "Last run: apply hmem, refused, 2026-11-24 10:00:00 UTC", "",
                "  TIME (UTC)           COMMAND  POLICY  OUTCOME  EXIT  STEPS  TOOK",
                "  2026-11-23 09:41:07  apply    hmem    done     0     2      4.20 s",
                "  2026-11-24 10:00:00  apply    hmem    refused  3     0      -",
                "    region-lost",
            ]
        )
    }

    @Test("of a thousand runs the newest twenty are shown, and the older ones are counted")
    func manyRuns() {
        var records = Array(repeating: record, count: 1000)
        records[999].policy = "cxl"
        let lines = historyText(records, style: Style(hasColour: false)).map(\.text)
        #expect(lines.count < 30 && lines.contains("  ... and 980 more runs; --json shows them"))
        #expect(lines.contains { $0.contains("  cxl ") })
    }

    @Test("a run that was cut off comes before everything else")
    func interrupted() {
        let work = UnfinishedWork(
            subject: .apply,
            state: .halfDone,
            failure: Failure(
                .stopped,
                code: "unfinished-journal",
                "an earlier run stopped half-way. Run `daxswitch recover`"
            )
        )
        let lines = historyText([record], [work], style: Style(hasColour: false)).map(\.text)
        #expect(lines.first == "Interrupted: an earlier run stopped half-way. Run `daxswitch recover`.")
        #expect(lines.contains { $0.contains("  refused ") })
    }

    @Test("journald gets fields, and a value of several lines with its size")
    func journal() throws {
        let fields = Dictionary(RunLog.fields(record).map { ($0.name, $0.value) }) { first, _ in first }
        #expect(fields["MESSAGE"] == "apply hmem: refused" && fields["PRIORITY"] == "4")
        #expect(fields["DAXSWITCH_POLICY"] == "hmem" && fields["DAXSWITCH_EXIT_CODE"] == "3")
    }
}
