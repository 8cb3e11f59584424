import Foundation
import Ownership
import TestCaptures
import Testing

@testable import daxswitch

@Suite("What the tool says about itself")
struct HelpTests {
    @Test(
        "the completions are current; `make completions` renews them",
        arguments: [
            ("daxswitch.bash", "bash"), ("_daxswitch", "zsh"), ("daxswitch.fish", "fish"),
        ]
    )
    func completions(file: String, shell: String) throws {
        let text = try String(contentsOf: repository.appendingPathComponent("completions/\(file)"), encoding: .utf8)
        let ended = try Tool.run(["--generate-completion-script", shell])
        #expect(ended.output == text)
    }

    @Test("the version, said twice the same way")
    func version() throws {
        let ended = try Tool.run(["version"])
        #expect(ended.status == 0)
        #expect(ended.output == (try Tool.run(["--version"]).output))
        #expect(ended.output == "\(Daxswitch.version)\n")
    }

    @Test("explain has every rule that a plan can name, and every hazard")
    func explain() throws {
        let document = try Tool.run(["explain", "--json"]).document()
        let rules = try #require(document["rules"] as? [[String: Any]]).compactMap { $0["id"] as? String }
        let hazards = try #require(document["hazards"] as? [[String: Any]]).compactMap { $0["id"] as? String }
        #expect(rules == Rule.all.map(\.id))
        #expect(hazards == Hazard.Identifier.allCases.map(\.rawValue))
        #expect(
            try Tool.run(["explain", "region-lost"]).output.contains(
                "region-lost  hazard (loss; --accept region-lost accepts it)"
            )
        )
        #expect(try Tool.run(["explain", "no-window"]).status == 0)
    }

    @Test("policies lists the shipped ones and shows one")
    func policies() throws {
        let list = try Tool.run(["policies"])
        #expect(list.status == 0)
        for name in ["cxl", "hmem", "reload"] { #expect(list.output.contains("  \(name) ")) }
        let shown = try Tool.run(["policies", "hmem"])
        #expect(shown.output.contains("3. hold"))
        let document = try Tool.run(["policies", "--json"]).document()
        #expect((document["policies"] as? [Any])?.count == 3)
    }

    /// The manual, without the macros and escapes of roff.
    private func manual(_ section: String) throws -> String {
        let text = try String(contentsOf: repository.appendingPathComponent("docs/man/daxswitch.8"), encoding: .utf8)
        let parts = text.split(separator: "\n.SH ").filter { $0.hasPrefix("\(section)\n") }
        let bare = try #require(parts.first).replacing("\\-", with: "-").replacing(#/\\f[A-Z]/#, with: "")
        return String(bare.replacing(#/(?m)^\.[A-Z]+ ?/#, with: "").replacing("\"", with: ""))
    }

    @Test("the manual names the fields in the systemd journal, and which of many machines decides how plan ends")
    func words() throws {
        let record = HistoryRecord(
            time: "",
            version: "",
            command: "",
            outcome: "",
            changed: false,
            exitCode: 0,
            steps: [],
            hazards: [],
            accepted: [],
            differences: 0
        )
        let commands = try manual("COMMANDS")
        let fields = RunLog.fields(record).map(\.name).filter { $0.hasPrefix("DAXSWITCH_") }
        #expect(fields.count > 5)
        for field in fields { #expect(commands.contains(field), "\(field)") }
        let order = FleetTally.mostSevere.dropLast().map { "\($0.rawValue)" }.joined(separator: ", ")
        #expect(try manual("MANY MACHINES").contains("\(order), then 2 with"))
    }

    @Test("every exit code is in the manual and in the README")
    func exitCodes() throws {
        for file in ["README.md", "docs/man/daxswitch.8"] {
            let text = try String(contentsOf: repository.appendingPathComponent(file), encoding: .utf8)
            for code in [0, 1, 2, 3, 4, 5, 64, 65, 69, 75, 77] {
                #expect(text.contains("| \(code) |") || text.contains("\\fB\(code)\\fR\n"), "\(file) lacks \(code)")
            }
        }
    }
}
