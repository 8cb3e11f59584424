import ArgumentParser
import Foundation
import Machine
import Ownership
import TestCaptures
import Testing

@testable import daxswitch

@Suite("What can stand in a command line")
struct CompletionTests {
    /// The completion of a line behind the tool's name; a line that ends in a blank begins a new word.
    private func completion(_ line: String) throws -> Completion {
        let tool = try #require(CommandSummary.tool)
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        return Completer(tool: tool, values: CompletionAnswer.values).completion(of: words)
    }

    private func words(_ line: String) throws -> [String] { try completion(line).candidates.map(\.word) }

    @Test(
        "the words that begin as the one that is typed",
        arguments: [
            ("pol", ["policies"]), ("hel", ["help"]), ("pre", ["predict"]), ("--vers", ["--version"]),
            ("plan h", ["hmem"]), ("apply c", ["cxl"]), ("persist re", ["reload"]), ("verify hm", ["hmem"]),
            ("policies cx", ["cxl"]), ("plan hmem --acc", ["--accept"]), ("plan --accept dev", ["device-open"]),
            ("apply --accept=region", ["--accept=region-lost"]), ("plan --initial-probe ", ["pending", "done"]),
            ("plan --initial-probe=d", ["--initial-probe=done"]), ("plan --rules def", ["deferring"]),
            ("predict load:cxl_a", ["load:cxl_acpi"]), ("predict hold unload:dax_h", ["unload:dax_hmem"]),
            ("predict h", ["hold"]), ("predict --all-orders cxl_a", ["cxl_acpi"]),
            ("predict --all-orders cxl_acpi dax_", ["dax_hmem", "dax_cxl"]), ("help per", ["persist"]),
            ("help help", []), ("help plan p", []), ("explain self", ["self-undoing"]),
            ("explain hmem-ov", ["hmem-over-region"]), ("status --color al", ["always"]), ("plan -- h", ["hmem"]),
            ("plan -- --j", []), ("plan hmem extra", []), ("nonsense pl", []), ("status --nonsense=", []),
        ]
    )
    func candidates(line: String, expected: [String]) throws {
        #expect(try words(line) == expected, "\(line)")
    }

    @Test("every command, by its name, with what it does")
    func commands() throws {
        let names = try words("")
        var expected: Set = ["help"]
        for command in Daxswitch.configuration.subcommands {
            if let name = command.configuration.commandName { expected.insert(name) }
        }
        #expect(Set(names) == expected)
        #expect(try words("help ") == names.filter { $0 != "help" })
        #expect(try completion("stat").candidates.first?.meaning.isEmpty == false)
    }

    @Test("an option that was given is not offered again, unless it may be repeated")
    func given() throws {
        let words = try words("apply hmem --yes --accept region-lost --wait 5 --")
        #expect(!words.contains("--yes") && !words.contains("--wait"))
        #expect(words.contains("--accept") && words.contains("--dry-run") && words.contains("--help"))
    }

    @Test("where nothing else can stand, the options are offered")
    func options() throws {
        #expect(try words("status ").contains("--root"))
        #expect(try words("plan hmem ").contains("--root"))
        #expect(try words("plan ") == words("policies "))
    }

    @Test("a path, and what stands before it in the same word")
    func paths() throws {
        for line in ["status --root ", "plan hmem --out ", "collect ", "show pl", "apply pl", "verify ", "diff a b"] {
            #expect(try completion(line).takesPath, "\(line)")
        }
        for (line, prefix) in [
            ("status --root=ca", "--root="), ("status --root @l", "@"), ("plan --root=@", "--root=@"),
        ] {
            #expect(try completion(line).pathPrefix == prefix, "\(line)")
        }
        #expect(try completion("plan ./my").takesPath && !completion("plan hm").takesPath)
        #expect(try !completion("predict lo").takesPath)
    }

    @Test("each value of a step, a hazard and a generation that the tool takes is offered")
    func complete() throws {
        #expect(try words("predict ").count == 2 + 2 * Step.modules.count)
        #expect(try words("plan --accept ") == Hazard.Identifier.acceptable.map(\.rawValue).sorted())
        #expect(try words("plan --rules ") == Generation.allCases.map(\.rawValue))
        #expect(try Set(words("explain ")).isSuperset(of: ["coordinated", "region-lost", "hmem-over-region"]))
    }

    @Test(
        "a policy of one's own, from /etc; the answer for a shell is a line for each, with the first sentence",
        .enabled(if: Jail.obstacle == nil, "no chroot here")
    )
    func ownPolicy() throws {
        let root = try TestCaptures.copy(try TestCaptures.root("7.3.4/no-region/topology"))
        let text = "summary = \"Mine. And more\"\norder = [\"load:dax_hmem\"]\n[want]\ncovered_by_region = \"hmem\"\n"
        let folder = root.url("/etc/daxswitch/policies")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try text.write(to: folder.appendingPathComponent("mine.toml"), atomically: true, encoding: .utf8)
        let ended = try Jail.run([CompletionAnswer.word, "plan", "mi"], in: root)
        #expect(ended.status == 0 && ended.output == "words\nmine\tMine\n", "\(ended.output)\(ended.complaint)")
    }

    @Test("a name that would act on the terminal is left out")
    func hostile() {
        let completion = Completion(candidates: [.init(word: "a\u{1b}[2J"), .init(word: "b", meaning: "fine\n\tmore")])
        #expect(CompletionAnswer.lines(completion) == ["words", "b\tfine"])
    }
}
