import Foundation
import Testing

@Suite("Tests/Cases")
struct CaseTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// `make cases`: the files are rewritten and not compared.
    static let isRewriting = environment["DAXSWITCH_WRITE_CASES"] != nil

    private static let readOnly = Case.all.filter { !$0.isLive }
    private static let live = Case.all.filter(\.isLive)

    @Test("prints what its folder says", arguments: readOnly)
    func prints(_ one: Case) throws { try check(one) }

    @Test(
        "prints what its folder says, where the machine is the running one",
        .enabled(if: Jail.obstacle == nil, "no chroot here"),
        arguments: live
    )
    func printsLive(_ one: Case) throws { try check(one) }

    private func check(_ one: Case) throws {
        let result = try one.run()
        #expect(!(try one.text("why")).allSatisfy(\.isWhitespace), "\(one.testDescription)/why says nothing")
        for file in result.files {
            if Self.isRewriting {
                try file.text.write(
                    to: one.folder.appendingPathComponent(file.name),
                    atomically: true,
                    encoding: .utf8
                )
                continue
            }
            let expected = try one.text(file.name)
            if expected != file.text {
                Issue.record(
                    """
                    \(one.testDescription)/\(file.name): - expected, + printed

                    \(lineDiff(expected: expected, found: file.text))

                    If the change is meant: make cases, and read the difference.
                    """
                )
            }
        }
    }

    @Test("where tests are run by a machine, nothing is rewritten")
    func neverByItself() {
        #expect(!Self.isRewriting || Self.environment["CI"] == nil)
    }

    @Test("every command has a case that ends well, one with --json, and one that is refused or wrong")
    func coverage() throws {
        let dump = try Tool.run(["--experimental-dump-help"]).document()
        let tool = try #require(dump["command"] as? [String: Any])
        let names = try #require(tool["subcommands"] as? [[String: Any]]).compactMap { $0["commandName"] as? String }
        #expect(names.count > 10)
        var good: Set<String> = []
        var json: Set<String> = []
        var bad: Set<String> = []
        for one in Case.all {
            let codes = try one.text("exit").split(separator: "\n")
            for (words, code) in zip(try one.commands().map(\.words), codes) {
                guard let command = words.first(where: names.contains) else { continue }
                if code == "0" { good.insert(command) }
                if words.contains("--json") { json.insert(command) }
                if !["0", "2", "4"].contains(code) { bad.insert(command) }
            }
        }
        // help is no command of its own: it prints for people, and takes any words.
        #expect(Set(names).subtracting(good) == [])
        #expect(Set(names).subtracting(json) == ["help"])
        #expect(Set(names).subtracting(bad) == ["help"])
    }
}
