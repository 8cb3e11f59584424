import Foundation
import TestCaptures
import Testing

@testable import daxswitch

/// A copy of what a release is made from, committed to a repository of its own.
private struct ReleaseTree {
    let folder = URL(fileURLWithPath: TestCaptures.newDirectory())

    init(version: String, changelog: String) throws {
        let files = [
            "packaging/version", "packaging/release", "packaging/ansible/galaxy.yml", "docs/man/daxswitch.8",
            "Sources/daxswitch/Daxswitch.swift",
        ]
        for file in files {
            let copy = folder.appendingPathComponent(file)
            try FileManager.default.createDirectory(
                at: copy.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try FileManager.default.copyItem(at: repository.appendingPathComponent(file), to: copy)
        }
        try write(changelog, to: "CHANGELOG.md")
        #expect(try run("packaging/version", version).status == 0)
        try git("init", "-q")
        try commit()
    }

    func write(_ text: String, to file: String) throws {
        try text.write(to: folder.appendingPathComponent(file), atomically: true, encoding: .utf8)
    }

    func run(_ command: String..., environment: [String: String] = [:]) throws -> Ended {
        try Tool.run(
            command: ["env", "-C", folder.path] + command,
            environment: ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"].merging(environment) {
                $1
            }
        )
    }

    func git(_ arguments: String...) throws {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        let ended = try Tool.run(command: ["git", "-C", folder.path] + identity + arguments)
        #expect(ended.status == 0, "\(arguments): \(ended.complaint)")
    }

    func commit() throws {
        try git("add", "-A")
        try git("commit", "-q", "-m", "test")
    }

    func dryRun() throws -> Ended { try run("packaging/release", environment: ["DRY_RUN": "1"]) }
}

@Suite("A release")
struct ReleaseTests {
    private static let dated = """
        # Changelog

        ## 7.8.9 - 2026-02-03

        ### Fixed

        - A defect.
        """

    private func text(_ file: String) throws -> String {
        try String(contentsOf: repository.appendingPathComponent(file), encoding: .utf8)
    }

    @Test("the changelog, the manual and the Ansible collection have the version of the tool")
    func versions() throws {
        let version = Daxswitch.version
        let release = version.replacing("-dev", with: "")
        let headings = try text("CHANGELOG.md").split(separator: "\n").filter { $0.hasPrefix("## ") }
        let newest = try #require(headings.first)
        let date = try #require(newest.split(separator: " ").last)
        #expect(newest == "## \(release) - \(date)")
        #expect((date == "unreleased") == version.hasSuffix("-dev"))
        for heading in headings.dropFirst() {
            #expect(heading.wholeMatch(of: #/## \d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}/#) != nil, "\(heading)")
        }
        let title = try #require(try text("docs/man/daxswitch.8").split(separator: "\n").first)
        #expect(title.replacing("\\-", with: "-").contains("\"daxswitch \(version)\""))
        #expect(try text("packaging/ansible/galaxy.yml").contains("\nversion: \(version)\n"))
    }

    @Test("the package orders a version in development before its release")
    func debianVersion() throws {
        let tree = try ReleaseTree(version: "7.8.9-dev", changelog: Self.dated)
        #expect(try tree.run("packaging/version").output == "7.8.9-dev\n")
        #expect(try tree.run("packaging/version", "--debian").output == "7.8.9~dev\n")
    }

    @Test("with everything in place, the dry run shows the commands and runs none")
    func ready() throws {
        let tree = try ReleaseTree(version: "7.8.9", changelog: Self.dated)
        let ended = try tree.dryRun()
        #expect(ended.status == 0, "\(ended.complaint)")
        let commands = ended.output.split(separator: "\n").filter { $0.hasPrefix("+ ") }
        #expect(commands.first == "+ make test")
        #expect(commands.last?.hasPrefix("+ git tag -a v7.8.9") == true)
        #expect(try tree.run("git", "tag").output.isEmpty)
    }

    @Test("a version in development is not released")
    func development() throws {
        let ended = try ReleaseTree(version: "7.8.9-dev", changelog: Self.dated).dryRun()
        #expect(ended.status == 1)
        #expect(ended.complaint.contains("FAILED: 7.8.9-dev is a release"))
        #expect(!ended.output.contains("+ "))
    }

    @Test("changes that are not committed, and a tag that exists, prevent a release")
    func dirty() throws {
        let tree = try ReleaseTree(version: "7.8.9", changelog: Self.dated)
        try tree.write("more", to: "new-file")
        #expect(try tree.dryRun().complaint.contains("FAILED: all changes are committed"))
        try tree.commit()
        #expect(try tree.dryRun().status == 0)
        try tree.git("tag", "v7.8.9")
        #expect(try tree.dryRun().complaint.contains("FAILED: there is no tag v7.8.9 yet"))
    }

    @Test(
        "a changelog whose first section is another version's, has no date or no entry prevents a release",
        arguments: [
            dated.replacing("7.8.9", with: "7.8.8"), dated.replacing("2026-02-03", with: "unreleased"),
            dated.replacing("- A defect.", with: ""), "# Changelog\n\n## 7.8.10 - 2026-03-03\n\n- New.\n\n" + dated,
        ]
    )
    func changelog(_ text: String) throws {
        let ended = try ReleaseTree(version: "7.8.9", changelog: text).dryRun()
        #expect(ended.status == 1)
        #expect(ended.complaint.contains("FAILED: the first section of CHANGELOG.md"))
    }

    @Test("a manual with another version prevents a release")
    func manual() throws {
        let tree = try ReleaseTree(version: "7.8.9", changelog: Self.dated)
        try tree.write(".TH DAXSWITCH 8 \"\" \"daxswitch 7.8.8\"\n", to: "docs/man/daxswitch.8")
        try tree.commit()
        #expect(try tree.dryRun().complaint.contains("FAILED: the manual and the Ansible collection"))
    }
}
