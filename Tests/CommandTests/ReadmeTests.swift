import ArgumentParser
import Foundation
import TestCaptures
import Testing

@testable import daxswitch

@Suite("README.md and docs/guide.md")
struct ReadmeTests {
    private func text(_ path: String) throws -> String {
        try String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
    }

    /// As a person runs it in a clone: 80 columns wide, in UTF-8, without a terminal.
    private func run(_ words: [String]) throws -> Ended {
        try Tool.run(
            command: [Tool.path] + words,
            in: repository.path,
            environment: ["COLUMNS": "80", "LC_ALL": "C.UTF-8"]
        )
    }

    @Test("each command of the guide that needs no kernel prints what is shown; `make cases` writes it")
    func guide() throws {
        var lines = try text("docs/guide.md").components(separatedBy: "\n")
        let shown = ShownCommand.all(in: lines)
        #expect(shown.contains { $0.prompt == "#" }, "the lab runs these")
        let run = shown.filter { $0.prompt == "$" }
        #expect(run.count > 2)
        for one in run.reversed() {
            let words = one.command.split(separator: " ").map(String.init)
            #expect(words.first == "daxswitch", "\(one.command)")
            let ended = try self.run(Array(words.dropFirst()))
            var output = ended.output.components(separatedBy: "\n")
            while output.last == "" { output.removeLast() }
            if CaseTests.isRewriting {
                lines.replaceSubrange(one.place, with: output)
            } else {
                let expected = lines[one.place].joined(separator: "\n")
                let found = output.joined(separator: "\n")
                #expect(
                    expected == found,
                    "docs/guide.md, \(one.command):\n\(lineDiff(expected: expected, found: found))"
                )
            }
            #expect(!output.isEmpty && ended.complaint.isEmpty, "\(one.command): \(ended.complaint)")
        }
        if CaseTests.isRewriting {
            try lines.joined(separator: "\n").write(
                to: repository.appendingPathComponent("docs/guide.md"),
                atomically: true,
                encoding: .utf8
            )
        }
    }

    /// The words after the tool's name, as a shell passes them.
    private func arguments(_ command: String) -> [String] {
        command.split(separator: " ").dropFirst().map { String($0.replacing("'", with: "")) }
    }

    /// The command on a recorded machine, to change nothing; nil if there is no such form of it.
    private func harmless(_ command: String, in folder: String) -> [String]? {
        let example = "\(repository.path)/Examples/locked.tgz"
        let words = arguments(command).map {
            $0 == "WORD" ? "region" : $0 == "report.html" ? "\(folder)/report.html" : $0
        }
        switch words.first {
        case "diff": return ["diff", example, "\(repository.path)/Examples/unlocked.tgz"]
        case "status" where words.contains("--root"):
            return ["status", "--root", "\(repository.path)/Examples/*.tgz"]
        case "status", "plan", "verify", "predict", "report":
            return words.contains("--root") ? nil : words + ["--root", example]
        case "persist": return words.contains("--clear") ? nil : words + ["--dry-run", "--root", example]
        // It takes the running machine alone; what it would do is what `plan` shows.
        case "apply": return ["plan", words[1], "--root", example]
        case "explain", "policies", "version": return words
        default: return nil
        }
    }

    @Test(
        "each command of the README is one, and those that a recorded machine can answer do",
        .serialized,
        arguments: ["README.md"]
    )
    func commands(file: String) throws {
        let folder = TestCaptures.newDirectory()
        let commands = toolCommands(in: try text(file))
        #expect(commands.count > 15)
        var ran = 0
        for command in Set(commands).sorted() {
            let words = arguments(command)
            // What is only named, such as `daxswitch plan`, lacks its argument.
            guard words.count > 1 || !["plan", "diff", "collect"].contains(words[0]) else { continue }
            #expect(throws: Never.self, "\(command)") { _ = try Daxswitch.parseAsRoot(words) }
            guard let words = harmless(command, in: folder) else { continue }
            let ended = try run(words)
            #expect([0, 3, 4].contains(ended.status), "\(command): \(ended.status) \(ended.complaint)")
            #expect(!ended.output.isEmpty || words.contains("--out"), "\(command)")
            ran += 1
        }
        #expect(ran > 8)
    }

    @Test("the figures of the README are those of the documents that it names")
    func figures() throws {
        let readme = try text("README.md")
        let accuracy = try #require(
            try text("docs/prediction-accuracy.md").firstMatch(of: #/\| all \| +\| (\d+) \| (\d+) \| (\d+) \|/#)
        )
        let counts = [accuracy.2, accuracy.1, accuracy.3].compactMap {
            Int($0)?.formatted(.number.locale(Locale(identifier: "en_US")))
        }
        #expect(readme.contains("\(counts[0]) of \(counts[1]) recorded transitions, \(counts[2]) of them certain"))

        let table = try text("docs/safety-table.md")
        let situations = try #require(table.split(separator: "\n## ").first { $0.hasPrefix("Situations\n") })
        let rows = situations.split(separator: "\n").map { $0.split(separator: "|") }.filter {
            $0.count == 4 && $0[1].contains(#/coordinated|6\.\d+/#)
        }
        let lost = [2, 3].map { column in rows.count { $0[column].contains("**") } }
        #expect(rows.count > 20)
        #expect(
            readme.contains("plain `modprobe` lines \(lost[0]) of \(rows.count), daxswitch \(lost[1]) of \(rows.count)")
        )
        let kills = table.matches(of: #/\| (\d+) of (\d+) \| passed/#).filter { $0.2 != "100" }.map {
            (Int($0.1) ?? 0, Int($0.2) ?? 0)
        }
        #expect(
            readme.contains(
                "\(kills.reduce(0) { $0 + $1.0 }) of \(kills.reduce(0) { $0 + $1.1 }) as before or as planned"
            )
        )
    }

    @Test("the picture of the README is what the tool draws; `make cases` writes it")
    func picture() throws {
        let drawn = try run(["plan", "hmem", "--root", "Examples/locked.tgz", "--format", "svg"])
        #expect(drawn.status == 0)
        if CaseTests.isRewriting {
            let file = repository.appendingPathComponent("docs/map.svg")
            try drawn.output.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(drawn.output == (try text("docs/map.svg")))
    }

    @Test("`make try` shows its machines, refused plan and all, to the end")
    func tries() throws {
        let ended = try Tool.run(command: ["\(repository.path)/Tools/try", Tool.path], environment: ["COLUMNS": "80"])
        #expect(ended.status == 0 && ended.complaint.isEmpty, "\(ended.complaint)")
        for words in ["OK. Owners: cxl", "Safe: 5 steps", "REFUSED: 1 hazard", "Now try it yourself"] {
            #expect(ended.output.contains(words), "\(words)")
        }
    }

    @Test("what README and guide link to is there")
    func links() throws {
        for (file, folder) in [("README.md", ""), ("docs/guide.md", "docs/")] {
            let links = try text(file).matches(of: #/\]\(([^)#:]+)\)/#).map { String($0.1) }
            #expect(links.count > 1)
            for link in links {
                #expect(
                    FileManager.default.fileExists(atPath: "\(repository.path)/\(folder)\(link)"),
                    "\(file): \(link)"
                )
            }
        }
    }
}
