import Foundation
import TestCaptures
import Testing

@Suite("What the texts for contributors say about the tree")
struct ArchitectureTests {
    private func text(_ file: String) throws -> String {
        try String(contentsOf: repository.appendingPathComponent(file), encoding: .utf8)
    }

    /// What stands between backticks in `text`, outside of code blocks.
    private func quoted(_ text: String) -> [String] {
        let blocks = text.split(separator: "```", omittingEmptySubsequences: false)
        return blocks.enumerated().filter { $0.offset.isMultiple(of: 2) }.flatMap { block in
            block.element.matches(of: #/`([^`\n]+)`/#).map { String($0.1) }
        }
    }

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: repository.appendingPathComponent(path).path)
    }

    /// Whether a quotation names a file or folder of this repository: not one of the machine, what is built, a moment of a
    /// recorded machine, or a command.
    private func isPath(_ quotation: String) -> Bool {
        let first = quotation.split(separator: "/").first ?? ""
        if first == ".build" || exists("Tests/Captures/\(first)") { return false }
        return quotation.wholeMatch(of: #/[\w.][\w.+-]*(/[\w.+-]*)+|[\w+-]+\.(swift|md|toml)/#) != nil
    }

    @Test("every path that they name exists", arguments: ["CONTRIBUTING.md", "docs/architecture.md"])
    func paths(file: String) throws {
        let paths = quoted(try text(file)).filter(isPath)
        #expect(paths.count > 10)
        for path in paths {
            #expect(exists(path), "\(file) names \(path)")
        }
    }

    @Test(
        "the file that they name for a type or function has it",
        arguments: ["CONTRIBUTING.md", "docs/architecture.md"]
    )
    func symbols(file: String) throws {
        let named = try text(file).matches(of: #/`([^`\s]+\.swift)`\s+\(`([\w.]+)[^`]*`/#)
        #expect(named.count > 5)
        for match in named {
            let source = try text(String(match.1))
            for name in match.2.split(separator: ".") {
                #expect(try source.contains(Regex("\\b\(name)\\b")), "\(file): \(match.1) has no \(match.2)")
            }
        }
    }

    /// What each target in `Sources` imports of this package and of others, from the manifest.
    private func targets() throws -> [String: Set<String>] {
        let folder = TestCaptures.newDirectory()
        let ended = try Tool.run(
            // The scratch path of the package itself may be locked by the `swift test` that runs this.
            command: [
                "swift", "package", "--package-path", repository.path, "--scratch-path", folder, "dump-package",
            ],
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": folder]
        )
        #expect(ended.status == 0, "\(ended.complaint)")
        let entries = try #require(try ended.document()["targets"] as? [[String: Any]])
        var targets: [String: Set<String>] = [:]
        // What lies in `Tests` and `Tools` has a path of its own.
        for entry in entries where entry["type"] as? String != "test" && entry["path"] == nil {
            let name = try #require(entry["name"] as? String)
            let dependencies = entry["dependencies"] as? [[String: Any]] ?? []
            targets[name] = Set(dependencies.compactMap { ($0.values.first as? [Any])?.first as? String })
        }
        return targets
    }

    @Test("the picture of the rooms is the manifest's, and each room imports only rooms below it")
    func rooms() throws {
        let targets = try targets()
        let picture = try #require(try text("docs/architecture.md").split(separator: "```rooms\n").dropFirst().first)
        let block = try #require(picture.split(separator: "```").first)
        var drawn: [String: Set<String>] = [:]
        var below: [String] = []
        for line in block.split(separator: "\n").reversed() {
            guard let match = line.wholeMatch(of: #/ *(\w+) *(?:← *([\w ,]*))?/#) else {
                Issue.record("not a room: \(line)")
                continue
            }
            let imports = Set((match.2 ?? "").split { $0 == "," || $0 == " " }.map(String.init))
            drawn[String(match.1)] = imports
            for name in imports where targets[name] != nil {
                #expect(below.contains(name), "\(match.1) is drawn below \(name), which it imports")
            }
            below.append(String(match.1))
        }
        #expect(drawn == targets)
    }
}
