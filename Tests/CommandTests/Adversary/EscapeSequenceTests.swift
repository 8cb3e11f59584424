import Foundation
import LinuxSystem
import TestCaptures
import Testing

@testable import daxswitch

/// A text that sets a terminal's title, clears it, begins another line and reverses the direction of text.
private let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\u{202e}\u{7f}\t"

@Suite("Issue 10, number 13: no escape sequence from outside reaches a terminal")
struct EscapeSequenceTests {
    /// The hostile characters in what a command printed.
    private func harm(in ended: Ended) -> [String] {
        (ended.output + ended.complaint).unicodeScalars.filter { $0 != "\n" && $0.isEscaped }
            .map { String($0.value, radix: 16) }
    }

    private func expectHarmless(_ ended: Ended, _ what: String) {
        #expect(harm(in: ended).isEmpty, "\(what): \(ended.output.escaped()) \(ended.complaint.escaped())")
        #expect(!(ended.output + ended.complaint).isEmpty, "\(what): nothing is printed")
    }

    private func machine() throws -> CaptureRoot {
        try TestCaptures.copy(TestCaptures.root("7.3.4/auto-devdax/held"))
    }

    private static let commands = [
        ["status"], ["plan", "hmem"], ["plan", "cxl"], ["plan", "cxl", "--offline-memory"],
        ["predict", "unload:dax_cxl"], ["predict", "--all-orders", "dax_hmem", "cxl_acpi"], ["verify", "cxl"],
        ["history"],
    ]

    /// Files that hold text of other programs or users, each with the hostile text in the place of a part of it.
    private static let files = [
        ("/proc/sys/kernel/hostname", "host\(hostile)\n"), ("/proc/sys/kernel/osrelease", "7.3.4\(hostile)\n"),
        (
            "/etc/modprobe.d/a\(hostile).conf",
            "install cxl_acpi /bin/true \(hostile)\nsoftdep dax_hmem pre: \(hostile)\n"
        ),
        ("/etc/udev/rules.d/9\(hostile).rules", "SUBSYSTEM==\"memory\", ATTR{state}=\"online\"\n"),
        ("/proc/iomem", "00100000-3ffdffff : System RAM\(hostile)\n"), ("/proc/modules", "dax\(hostile) 1 0 - Live\n"),
        ("/sys/devices/system/memory/auto_online_blocks", "online\(hostile)\n"),
        ("/proc/sys/kernel/modprobe", "/sbin/\(hostile)\n"), ("/proc/sys/kernel/random/boot_id", "\(hostile)\n"),
        ("/sys/devices/system/memory/block_size_bytes", "\(hostile)\n"), ("/proc/cmdline", "\(hostile)\n"),
        ("/run/daxswitch/regions.json", "\(hostile)\n"), ("/run/modprobe.d/00-daxswitch.conf", "\(hostile)\n"),
    ]

    @Test("whatever file of a machine holds them", arguments: files)
    func machines(path: String, text: String) throws {
        let root = try machine()
        try root.write(text, to: path)
        for command in Self.commands {
            expectHarmless(try Tool.run(command, on: root), "\(path.escaped()): \(command)")
            let ended = try Tool.run(command + ["--json"], on: root)
            expectHarmless(ended, "\(path.escaped()): \(command) --json")
            _ = try ended.document()
        }
    }

    @Test("a process with a name of escape sequences has a device open")
    func process() throws {
        let root = try machine()
        let comm = try #require(
            FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String }
                .first { $0.hasSuffix("/comm") } ?? "proc/1234/comm"
        )
        try root.write(hostile, to: "/\(comm)")
        let directory = (comm as NSString).deletingLastPathComponent
        let links = root.url("/\(directory)/fd")
        try FileManager.default.createDirectory(at: links, withIntermediateDirectories: true)
        try? FileManager.default.createSymbolicLink(atPath: links.path + "/7", withDestinationPath: "/dev/dax0.0")
        let ended = try Tool.run(["plan", "hmem"], on: root)
        expectHarmless(ended, "comm")
        #expect(ended.output.contains("\\x1b]0;owned\\x07"))
    }

    @Test("the history, whose lines an earlier version or another tool wrote")
    func history() throws {
        let root = try machine()
        let record = HistoryRecord(
            time: "2026-11-23T09:41:07Z\(hostile)",
            version: hostile,
            command: "apply\(hostile)",
            host: hostile,
            policy: hostile,
            outcome: hostile,
            changed: false,
            exitCode: 1,
            steps: [hostile],
            hazards: [hostile],
            accepted: [hostile],
            differences: 0,
            error: hostile
        )
        try root.write(recordDocument(record).renderedLine + "\n", to: History.path)
        let text = try Tool.run(["history"], on: root)
        expectHarmless(text, "history")
        #expect(text.output.contains("apply\\x1b]0;owned"))
        let ended = try Tool.run(["history", "--json"], on: root)
        expectHarmless(ended, "history --json")
        let records = try #require(try ended.document()["records"] as? [[String: Any]])
        #expect(records.first?["command"] as? String == "apply\(hostile)", "JSON keeps the text")
    }

    @Test("names of policies, plans, machines and files, words on the command line")
    func arguments() throws {
        let root = try machine()
        let directory = TestCaptures.newDirectory()
        let policy = "\(directory)/\(hostile).toml"
        let summary = hostile.unicodeScalars.map {
            "\\u" + String(repeating: "0", count: 4 - String($0.value, radix: 16).count) + String($0.value, radix: 16)
        }
        let text = """
            summary = "\(summary.joined())"
            order = ["unload:dax_cxl", "load:dax_cxl"]
            [want]
            covered_by_region = "any"
            window_only = "any"
            outside_windows = "any"
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: policy))
        let bad = "\(directory)/bad\(hostile).toml"
        try Data("order = [\"\(summary.joined())\"]\nsummary = \"\"\n".utf8).write(to: URL(fileURLWithPath: bad))
        let plan = "\(directory)/plan\(hostile).json"
        #expect(try Tool.run(["plan", "cxl", "--out", plan], on: root).status != 1)
        let metrics = "\(directory)/metrics.prom"
        for words in [
            ["policies", policy], ["policies", bad], ["plan", policy], ["verify", plan], ["plan", bad],
            ["verify", policy, "--prometheus", metrics], ["plan", "cxl", "--out", "/nowhere/\(hostile)"],
            ["status", "--root", "/nowhere/\(hostile)"], ["status", "--\(hostile)"], [hostile], ["explain", hostile],
            ["predict", hostile], ["policies", hostile], ["verify", hostile],
            ["plan", "cxl", "--root", "@/nowhere\(hostile)"],
            ["plan", "cxl", "--root", "/nowhere\(hostile)", "--root", root.path], ["collect", "/nowhere/\(hostile)"],
            ["apply", policy, "--dry-run"], ["persist", policy, "--dry-run"], ["apply", hostile, "--yes"],
        ] {
            for words in [words, words + ["--json"]] {
                let isRead = ["plan", "verify", "predict"].contains(words[0]) && !words.contains("--root")
                expectHarmless(
                    try isRead ? Tool.run(words, on: root) : Tool.run(words),
                    words.map { $0.escaped() }.joined(separator: " ")
                )
            }
        }
        let written = try String(contentsOfFile: metrics, encoding: .utf8)
        #expect(!written.unicodeScalars.contains { $0 != "\n" && $0.isEscaped })
        #expect(written.contains("subject=\"\\\\x1b]0;owned\\\\x07"))
    }

    @Test("in colour, a line holds the sequences of the style and no other")
    func colour() {
        let style = Style(hasColour: true)
        let sequence = #/\u{1b}\[[0-9]+m/#
        for emphasise in [style.strong, style.good, style.careful, style.bad, style.faint] {
            let lines =
                [emphasise("a \(hostile)") + "\(hostile)"]
                + wrapped("\(hostile) b \(hostile)", indent: 2).map(emphasise)
                + aligned([[emphasise("\(hostile)"), "b"], ["c", emphasise("d")]])
            for line in lines {
                let rest = line.rendered.replacing(sequence, with: "")
                #expect(rest == line.text && !rest.unicodeScalars.contains(where: \.isEscaped))
            }
        }
    }

    @Test("columns line up in colour as they do without, whatever is escaped in them")
    func columns() {
        let rows: [[Line]] = [["A", "B"], ["\u{1b}", "x"], ["long name", "y"]]
        let style = Style(hasColour: true)
        #expect(aligned(rows).map(\.text) == ["  A          B", "  \\x1b       x", "  long name  y"])
        #expect(aligned(rows.map { $0.map(style.strong) }).map(\.text) == aligned(rows).map(\.text))
    }
}
