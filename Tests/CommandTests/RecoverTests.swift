import Inspection
import Ownership
import Policy
import TestCaptures
import Testing

@testable import daxswitch

@Suite("recover for people")
struct RecoverTests {
    private let style = Style(hasColour: false)

    private func texts(_ lines: [Line]) -> [String] { lines.flatMap { $0.broken(at: 80) }.map(\.text) }

    /// What is said of a run of policy hmem that was cut off after two of its steps.
    private func text(_ recovery: (Plan) -> Recovery, journal: RecoverReport.Journal = .unfinished) throws -> [String] {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let machine = try Inspector(root: root.path).read()
        let plan = try Planner(machine: machine).plan(try PolicyLibrary(folders: []).find("hmem").policy)
        var run = Interruption(of: plan, from: OwnershipGoal(of: machine), accepted: [])
        run.stepsEnded = 2
        var report = RecoverReport()
        (report.policy, report.journal) = ("hmem", journal)
        return texts(recoveryText(report, recovery(plan), of: run, machine: machine, style: style))
    }

    @Test("the verdict is the first line: how far the run came, and how it can end; the plan is below")
    func verdict() throws {
        let finish = try text { .finish($0) }
        #expect(finish.first == "The run of policy hmem was interrupted after 2 of 5 steps. It can be finished.")
        #expect(finish.contains("Owners") && finish.contains("Policy hmem: 5 steps"))
        #expect(finish.allSatisfy { $0.count <= 80 })
        #expect(try text { .undo($0) }.first?.hasSuffix("It can be undone.") == true)
        let awaiting = try text({ .undo($0) }, journal: .awaiting)
        #expect(awaiting.first == "The run of policy hmem waits for confirmation. It can be undone.")
        let stuck = try text { _ in .stuck("", []) }.joined(separator: " ")
        #expect(stuck.contains("It can neither be finished nor undone with certainty."))
    }

    @Test("what was not done because nobody answered is not called nothing to recover")
    func unanswered() {
        var report = RecoverReport()
        report.outcome = .nothingToRecover
        #expect(texts(recoverText(report, style: style)) == ["Nothing to recover."])
        report.error = Failure(.usage, code: "not-confirmed", "recover can't ask without a terminal")
        #expect(texts(recoverText(report, style: style)) == ["Failed; nothing was changed."])
    }

    @Test("files that are restored are named")
    func files() {
        var report = RecoverReport()
        (report.outcome, report.restoredFiles) = (.undone, ["/etc/modprobe.d/01-daxswitch.conf"])
        #expect(texts(recoverText(report, style: style)).last == "  /etc/modprobe.d/01-daxswitch.conf")
        #expect(texts(choiceText(style: style)).joined(separator: " ").contains("/var/lib/daxswitch/persist.json"))
    }
}
