import Foundation
import TestCaptures
import Testing

@testable import daxswitch

@Suite("status, plan and verify for many machines")
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

    @Test("several processors print what one prints: the machines in their order, each complaint before its line")
    func shared() throws {
        let captures = try captures()
        let odd = try TestCaptures.copy(try TestCaptures.root(kernel: "7.3.4", scenario: "no-region", "topology"))
        try FileManager.default.removeItem(at: odd.url("/sys/bus/cxl"))
        let roots = [captures[0], odd.path, "/nowhere", captures[1]] + captures + [odd.path, captures[2]]
        for command in [["plan", "hmem"], ["plan", "hmem", "--json"], ["status"], ["verify", "cxl", "--json"]] {
            let words = [Tool.path] + command + roots.flatMap { ["--root", $0] } + [">&2"]
            // One stream: the order of complaints and lines shows.
            let script = words.map { $0 == ">&2" ? $0 : "'\($0)'" }.joined(separator: " ")
            let alone = try Tool.run(command: ["/bin/sh", "-c", "taskset -c 0 \(script)"])
            let shared = try Tool.run(command: ["/bin/sh", "-c", script])
            #expect(shared.status == alone.status && shared.complaint == alone.complaint)
            #expect(alone.complaint.contains(odd.path))
        }
    }

    @Test("names from a program that is still at work: each machine is printed before the next name is waited for")
    func slowNames() throws {
        let root = try captures()[0]
        // The second name comes once the first machine was printed.
        let script = """
            (echo '\(root)'; until [ -s "$0" ]; do sleep 0.05; done; echo '\(root)') | timeout 60 '\(Tool.path)' status --root @- > "$0"
            """
        let out = "\(TestCaptures.newDirectory())/out"
        #expect(try Tool.run(command: ["/bin/sh", "-c", script, out]).status == 0)
        #expect(try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n").count == 4)
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

    @Test("a list with comments, blanks around the names, a mark at its begin, and patterns")
    func comments() throws {
        let folder = TestCaptures.newDirectory()
        for (name, root) in zip(["n1", "n2", "n3", "a #1"], try captures() + [try captures()[0]]) {
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: root)
        }
        let list = "\u{feff}# rack 4\r\n\t n1 \r\n  # n2 is away\nn3\t# the last\na #1\nn[12]\n"
        try Data(list.utf8).write(to: URL(fileURLWithPath: "\(folder)/list"))
        let ended = try Tool.run(
            command: [Tool.path, "plan", "hmem", "--json", "--root", "@list"],
            in: folder
        )
        #expect(ended.complaint == "")
        #expect(try documents(ended).dropLast().map { $0["root"] as? String } == ["n1", "n3", "a #1", "n1", "n2"])
    }

    /// A folder with the captures as `n1` to `n3`, and a policy.
    private func folder() throws -> String {
        let folder = TestCaptures.newDirectory()
        for (index, root) in try captures().enumerated() {
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/n\(index + 1)", withDestinationPath: root)
        }
        return folder
    }

    @Test("DIR/*, quoted and as a shell expands it", arguments: [["n*"], ["n1", "n2", "n3"]])
    func patterns(words: [String]) throws {
        for command in [["status"], ["plan", "hmem"], ["verify", "hmem"]] {
            let ended = try Tool.run(
                command: [Tool.path] + command + ["--json", "--root"] + words,
                in: try folder()
            )
            #expect(try documents(ended).dropLast().map { $0["root"] as? String } == ["n1", "n2", "n3"])
        }
    }

    @Test("a pattern that nothing matches: 65. What is there by just that name is that, and not a pattern")
    func noMatch() throws {
        let folder = try folder()
        let ended = try Tool.run(command: [Tool.path, "status", "--root", "x*"], in: folder)
        #expect(ended.status == 65 && ended.complaint == "daxswitch: x*: no path matches\n")
        try FileManager.default.moveItem(atPath: "\(folder)/n1", toPath: "\(folder)/n[1]")
        let one = try Tool.run(command: [Tool.path, "status", "--json", "--root", "n[1]"], in: folder)
        #expect(try one.document()["kind"] as? String == "status")
    }

    @Test("words that are neither machines nor expected: 64", arguments: [["status", "n1"], ["plan", "hmem", "cxl"]])
    func otherWords(words: [String]) throws {
        let ended = try Tool.run(command: [Tool.path] + words, in: try folder())
        #expect(ended.status == 64 && ended.complaint.contains("Unexpected argument '\(words[words.count - 1])'"))
        let late = try Tool.run(command: [Tool.path, "plan", "--root", "n1", "n2", "hmem"], in: try folder())
        #expect(late.status == 64 && late.complaint.contains("quote the pattern"))
    }

    @Test("status of many: health and findings of each, counted at the end; --check ends with 4")
    func status() throws {
        let roots =
            try captures() + [
                try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "dax-out").path, "/nowhere",
            ]
        let arguments = ["status"] + roots.flatMap { ["--root", $0] }
        let ended = try Tool.run(arguments + ["--json"])
        #expect(ended.status == 65)
        let documents = try documents(ended)
        for document in documents {
            let kind = try #require(document["kind"] as? String)
            #expect(try Schema(named: kind).problems(document) == [])
        }
        #expect(documents.map { $0["kind"] as? String } == Array(repeating: "status", count: 4) + ["error", "fleet"])
        let fleet = documents[5]
        #expect(fleet["command"] as? String == "status" && fleet["policy"] is NSNull)
        #expect(fleet["hosts"] as? Int == 5 && fleet["failed"] as? Int == 1)
        var health = ["ok": 0, "attention": 0, "broken": 0]
        var findings: [String: Int] = [:]
        for (document, root) in zip(documents, roots.dropLast()) {
            let alone = try Tool.run(["status", "--root", root, "--json"]).document()
            var line = document
            line["root"] = nil
            #expect(NSDictionary(dictionary: line) == NSDictionary(dictionary: alone))
            health[try #require(alone["health"] as? String), default: 0] += 1
            let ids = try #require(alone["findings"] as? [[String: Any]]).compactMap { $0["id"] as? String }
            for id in Set(ids) { findings[id, default: 0] += 1 }
        }
        #expect(fleet["health"] as? [String: Int] == health && fleet["findings"] as? [String: Int] == findings)
        #expect(findings["no-owner"] == 1)
        let readable = Array(arguments.dropLast(2))
        #expect(try Tool.run(readable).status == 0)
        let text = try Tool.run(readable + ["--check"])
        #expect(text.status == 4)
        let lines = text.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[3] == "broken         1 finding    \(roots[3])  no-owner")
        #expect(lines[5].hasPrefix("4 machines: 1 broken, ") && lines[6].hasPrefix("Findings: "))
        #expect(lines[6].contains("no-owner 1"))
    }

    @Test("verify of many: 4, which of them differ and in what; a saved plan of another host is that machine's error")
    func verify() throws {
        let roots = try captures()
        let arguments = ["verify", "hmem"] + roots.flatMap { ["--root", $0] }
        let text = try Tool.run(arguments)
        #expect(text.status == 4)
        let lines = text.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "differs        1 difference    \(roots[0])  owner")
        #expect(lines[2] == "matches                        \(roots[2])")
        #expect(lines[4] == "3 machines: 1 as expected, 2 different, 0 failed")
        let documents = try documents(try Tool.run(arguments + ["--json"]))
        #expect(documents.map { $0["kind"] as? String } == ["verify", "verify", "verify", "fleet"])
        for document in documents {
            let kind = try #require(document["kind"] as? String)
            #expect(try Schema(named: kind).problems(document) == [])
        }
        #expect(["matches", "differs"].map { documents[3][$0] as? Int } == [1, 2])

        let plan = "\(TestCaptures.newDirectory())/plan.json"
        let planned = try TestCaptures.copy(
            try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        )
        let stranger = try TestCaptures.copy(
            try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "hmem-owned")
        )
        try Data("node7\n".utf8).write(to: planned.url("/proc/sys/kernel/hostname"))
        try Data("node8\n".utf8).write(to: stranger.url("/proc/sys/kernel/hostname"))
        _ = try Tool.run(["plan", "hmem", "--out", plan, "--root", planned.path])
        let other = try Tool.run(["verify", plan, "--json", "--root", planned.path, "--root", stranger.path])
        #expect(other.status == 3)
        let fleet = try #require(try self.documents(other).last)
        #expect(fleet["failed_by"] as? [String: Int] == ["machine-changed": 1] && fleet["differs"] as? Int == 1)
    }

    @Test("verify --prometheus writes the metrics of one machine: 64 for many")
    func metrics() throws {
        let roots = try captures().flatMap { ["--root", $0] }
        #expect(try Tool.run(["verify", "hmem", "--prometheus", "/nowhere/x"] + roots).status == 64)
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

    @Test("the most severe end of all counts")
    func gravest() {
        var tally = FleetTally()
        func add(_ status: daxswitch.ExitStatus, code: String) {
            var entry = FleetEntry()
            entry.fail(Failure(status, code: code, "why"))
            tally.add(entry)
        }
        #expect(tally.status == .done)
        add(.missing, code: "unknown-rules")
        #expect(tally.status == .missing)
        add(.badData, code: "bad-capture")
        add(.missing, code: "unknown-rules")
        #expect(tally.status == .badData)
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
