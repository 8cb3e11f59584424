import Foundation
import Inspection
import Reload
import TestCaptures
import Testing

@testable import daxswitch

@Suite("README.md, \"A session\"")
struct ReadmeTests {
    /// A command of the session, without the tool's name, and the lines below it.
    private struct Shown {
        var command: String
        var lines: [String] = []
    }

    private func shown() throws -> [Shown] {
        let text = try String(contentsOf: repository.appendingPathComponent("README.md"), encoding: .utf8)
        let start = try #require(text.range(of: "\n## A session\n"))
        let section = text[start.upperBound...].split(separator: "\n## ").first ?? ""
        var shown: [Shown] = []
        var isOpen = false
        for line in section.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("    # daxswitch ") {
                shown.append(Shown(command: String(line.dropFirst("    # daxswitch ".count))))
                isOpen = true
            } else if line.isEmpty || line.hasPrefix("    ") {
                if isOpen { shown[shown.count - 1].lines.append(String(line.dropFirst(4))) }
            } else {
                isOpen = false
            }
        }
        for index in shown.indices { while shown[index].lines.last == "" { shown[index].lines.removeLast() } }
        return shown
    }

    /// Whether `printed` is what is shown; a line `...` stands for any number of lines.
    private func fits(_ shown: ArraySlice<String>, _ printed: ArraySlice<String>) -> Bool {
        guard let first = shown.first else { return printed.isEmpty }
        if first.trimmingPrefix(while: { " |".contains($0) }) == "..." {
            return (0...printed.count).contains { fits(shown.dropFirst(), printed.dropFirst($0)) }
        }
        return printed.first == first && fits(shown.dropFirst(), printed.dropFirst())
    }

    private func lines(_ text: String) -> ArraySlice<String> {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    /// The steps that a plan for people lists, as `apply` names them.
    private func steps(_ output: String) -> [String] {
        output.split(separator: "\n").compactMap { line -> String? in
            let parts = line.split(separator: ". ", maxSplits: 1)
            guard line.hasPrefix("  "), parts.count == 2, Int(parts[0].drop { $0 == " " }) != nil else { return nil }
            return String(parts[1].prefix { $0 != ":" }).replacing(" ", with: ":")
        }
    }

    @Test("each command is one of the cases session-…, in their order, and prints what is shown; apply does its steps")
    func session() throws {
        let shown = try self.shown()
        let cases = Case.all.filter { $0.name.hasPrefix("session-") }
        #expect(!cases.isEmpty && shown.count == cases.count)
        for (shown, one) in zip(shown, cases) {
            let command = try #require(try one.commands().first).words.joined(separator: " ")
            let output = try one.text("stdout")
            guard shown.command.hasPrefix("apply ") else {
                #expect(command.replacing(" --root root", with: "") == shown.command, "\(one.testDescription)")
                let doesFit = fits(shown.lines[...], lines(output))
                #expect(
                    doesFit,
                    "\(one.testDescription)\n\(lineDiff(expected: shown.lines.joined(separator: "\n"), found: output))"
                )
                continue
            }
            // The steps need a kernel (`make demo`, the lab); what they are, and the words around them, do not.
            #expect(command.replacing("--dry-run", with: "--yes") == shown.command, "\(one.testDescription)")
            let planned = steps(output)
            #expect(!planned.isEmpty)
            let progress = planned.enumerated().map { "daxswitch: [\($0.offset + 1)/\(planned.count)] \($0.element)" }
            var report = ApplyReport()
            let root = try TestCaptures.root(
                "7.3.4/locked-switch/\(shown.command.hasPrefix("apply hmem") ? "hmem" : "cxl")-owned"
            )
            report.duration = .milliseconds(4_120)
            report.take(.done(try Inspector(root: root.path).read()))
            let printed = progress + applyText(report, style: Style(hasColour: false)).map(\.text)
            #expect(fits(shown.lines[...], printed[...]))
            #expect(shown.lines.filter { $0 != "..." }.dropLast() == progress[...])
        }
    }

    @Test("a line that is not printed, and one that is left out without a sign, are found")
    func differences() {
        #expect(fits(["a", "...", "d"], ["a", "b", "c", "d"]) && fits(["...", "a"], ["a"]))
        #expect(!fits(["a", "d"], ["a", "b", "d"]) && !fits(["a", "x", "..."], ["a", "b"]) && !fits(["a"], []))
    }
}
