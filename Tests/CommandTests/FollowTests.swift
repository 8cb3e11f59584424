import Foundation
import TestCaptures
import Testing

@testable import daxswitch

@Suite("status --follow")
struct FollowTests {
    @Test("a frame is drawn over the one before, and is no higher than the screen")
    func frame() {
        let lines: [Line] = ["a", "b", "c", "d"]
        #expect(
            FollowScreen.frame(lines, rows: nil) == "\u{1b}[Ha\u{1b}[K\r\nb\u{1b}[K\r\nc\u{1b}[K\r\nd\u{1b}[K\u{1b}[J"
        )
        let cut = FollowScreen.frame(lines, rows: 3)
        #expect(cut.hasPrefix("\u{1b}[Ha\u{1b}[K\r\nb\u{1b}[K\r\n... 2 more lines"))
        #expect(FollowScreen.frame(lines, rows: 4) == FollowScreen.frame(lines, rows: nil))
    }

    @Test(
        "in a pipe one block with its time; a signal ends it with 0, and nothing of a screen is written",
        .enabled(if: Jail.obstacle == nil, "no chroot here"),
        arguments: ["INT", "TERM"]
    )
    func pipe(signal: String) throws {
        let root = try TestCaptures.copy(try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned"))
        let tracer = ["timeout", "--preserve-status", "--signal=\(signal)", "1.5"]
        let ended = try Jail.run(["status", "--follow"], in: root, tracer: tracer)
        #expect(ended.status == 0, "\(ended.complaint)")
        let lines = ended.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first?.wholeMatch(of: #/== \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/#) != nil)
        let plain = try Jail.run(["status"], in: root).output
        #expect(ended.output.dropFirst((lines.first?.count ?? 0) + 1) == plain + "\n")
    }

    @Test("a closed pipe ends it", .enabled(if: Jail.obstacle == nil, "no chroot here"))
    func closed() throws {
        let root = try TestCaptures.copy(try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned"))
        let tracer = ["sh", "-c", "timeout 20 \"$@\" | head -n 1; echo", "sh"]
        let ended = try Jail.run(["status", "--follow"], in: root, tracer: tracer)
        #expect(ended.output.hasPrefix("== ") && ended.output.split(separator: "\n").count == 1)
    }

    @Test("neither of a recording, nor as JSON, nor to check", arguments: [["--root", "/"], ["--json"], ["--check"]])
    func usage(options: [String]) throws {
        let ended = try Tool.run(["status", "--follow"] + options)
        #expect(ended.status == 64)
        #expect(ended.complaint.contains("--follow"))
    }
}
