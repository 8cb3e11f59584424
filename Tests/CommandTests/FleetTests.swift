import Foundation
import TestCaptures
import Testing

@testable import daxswitch

@Suite("plan for many machines")
struct FleetTests {
    private func captures() throws -> [String] {
        [
            try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned").path,
            try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first").path,
            try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "hmem-owned").path,
        ]
    }

    private func documents(_ ended: Ended) throws -> [[String: Any]] {
        try ended.output.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test("a line for each in their order, a bad one among them, and a summary: 65")
    func list() throws {
        let captures = try captures()
        let roots = [captures[0], "/nowhere", captures[1], captures[2], captures[0]]
        let list = try temporaryFile("list", roots[..<4].joined(separator: "\n") + "\n\n")
        let ended = try Tool.run(["plan", "hmem", "--json", "--root", "@\(list)", "--root", captures[0]])
        #expect(ended.status == 65)
        let documents = try documents(ended)
        try #require(documents.count == 6)
        #expect(documents.dropLast().map { $0["root"] as? String } == roots)
        #expect(documents.map { $0["kind"] as? String } == ["plan", "error", "plan", "plan", "plan", "fleet"])
        for document in documents {
            let kind = try #require(document["kind"] as? String)
            #expect(try Schema(named: kind).problems(document) == [])
        }
        let summary = documents[5]
        let counts = ["hosts", "changes", "nothing_to_do", "refused", "failed"].map { summary[$0] as? Int }
        #expect(counts == [5, 2, 1, 1, 1])
        #expect((summary["refused_by"] as? [String: Int])?["region-lost"] == 1)
        #expect(summary["failed_by"] as? [String: Int] == ["bad-capture": 1])
    }

    @Test("a list with the line ends of Windows, lines of blanks, and none at the end")
    func windowsList() throws {
        let captures = try captures()
        let list = try temporaryFile("list", "\r\n\(captures[0])\r\n  \t\r\n   \n\(captures[2])\r")
        let ended = try Tool.run(["plan", "hmem", "--json", "--root", "@\(list)"])
        #expect(ended.status == 0, "\(ended.output)")
        #expect(try documents(ended).dropLast().map { $0["root"] as? String } == [captures[0], captures[2]])
        let blank = try temporaryFile("list", " \r\n\r\n")
        #expect(try Tool.run(["plan", "hmem", "--root", "@\(blank)"]).status == 65)
    }

    @Test("each line is what plan says of that machine alone")
    func alone() throws {
        let captures = try captures()
        let ended = try Tool.run(["plan", "hmem", "--json"] + captures.flatMap { ["--root", $0] })
        #expect(ended.status == 3)
        for (index, root) in captures.enumerated() {
            var line = try documents(ended)[index]
            line["root"] = nil
            var alone = try Tool.run(["plan", "hmem", "--json", "--root", root]).document()
            // Of many machines, the time stands nowhere.
            for member in ["made_at", "digest"] {
                line[member] = nil
                alone[member] = nil
            }
            #expect(NSDictionary(dictionary: line) == NSDictionary(dictionary: alone))
        }
    }

    @Test("for people: what it comes to, the steps, the machine, the hazards; counts at the end")
    func text() throws {
        let captures = try captures()
        let ended = try Tool.run(["plan", "hmem"] + captures.flatMap { ["--root", $0] })
        let lines = ended.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "changes        5 steps   \(captures[0])")
        #expect(lines[1].hasPrefix("refused        5 steps   \(captures[1])  ") && lines[1].contains("region-lost"))
        #expect(lines[2] == "nothing-to-do            \(captures[2])")
        #expect(lines[4].hasPrefix("3 machines: 1 to change, 1 with nothing to do, 1 refused ("))
    }

    @Test("--detailed-exitcode: 2 where one has steps, 0 where none has")
    func pending() throws {
        let captures = try captures()
        let arguments = ["plan", "hmem", "--detailed-exitcode", "--root", captures[2], "--root"]
        #expect(try Tool.run(arguments + [captures[0]]).status == 2)
        #expect(try Tool.run(arguments + [captures[2]]).status == 0)
    }

    @Test("lists that say nothing, and --out: an error")
    func usage() throws {
        #expect(try Tool.run(["plan", "hmem", "--root", "@-"]).status == 65)
        #expect(try Tool.run(["plan", "hmem", "--root", "@/nowhere"]).status == 65)
        let captures = try captures()
        let ended = try Tool.run(
            ["plan", "hmem", "--out", "/nowhere/plan", "--root", captures[0], "--root", captures[1]]
        )
        #expect(ended.status == 64)
    }

    @Test("the gravest end of all counts")
    func gravest() {
        var tally = FleetTally()
        #expect(tally.status(detailed: true) == .done)
        tally.add(Failure(.missing, code: "unknown-rules", "why"))
        #expect(tally.status(detailed: true) == .missing)
        tally.add(Failure(.badData, code: "bad-capture", "why"))
        tally.add(Failure(.missing, code: "unknown-rules", "why"))
        #expect(tally.status(detailed: true) == .badData)
        #expect(tally.hosts == 3 && tally.failedBy == ["unknown-rules": 2, "bad-capture": 1])
    }

    @Test("a machine without CXL and Soft Reserved memory, and a kernel without the modules: 69, the rest is done")
    func withoutModules() throws {
        let root = try TestCaptures.copy(try TestCaptures.root(kernel: "7.3.4", scenario: "no-region", "topology"))
        for path in ["/proc/modules", "/proc/cmdline", "/dmesg"] { try Data().write(to: root.url(path)) }
        try Data("00001000-3ffdffff : System RAM\n".utf8).write(to: root.url("/proc/iomem"))
        for path in ["/sys/firmware", "/sys/bus", "/sys/devices", "/sys/module"] {
            try? FileManager.default.removeItem(at: root.url(path))
        }
        for path in ["/sys/bus/platform/devices", "/sys/module"] {
            try FileManager.default.createDirectory(at: root.url(path), withIntermediateDirectories: true)
        }
        let ended = try Tool.run(["plan", "hmem", "--json", "--root", root.path, "--root", try captures()[2]])
        #expect(ended.status == 69)
        let documents = try documents(ended)
        #expect(documents.map { $0["kind"] as? String } == ["error", "plan", "fleet"])
    }
}
