import Machine
import Ownership
import TestCaptures
import Testing

@Suite("Predictions, held against recorded machines")
struct ReplayTests {
    @Test("the prediction of every recorded transition contains what the kernel did")
    func everyTransition() throws {
        var table = AccuracyTable()
        var kept = AccuracyTable()
        for kernel in TestCaptures.kernels {
            for scenario in TestCaptures.scenarios(kernel: kernel) {
                let verdicts = try Replay.transitions(kernel: kernel, scenario: scenario).map(Replay.verdict)
                for verdict in verdicts { check(verdict) }
                table.add(kernel, scenario, verdicts)
                if TestCaptures.isKept(kernel: kernel, scenario: scenario) { kept.add(kernel, scenario, verdicts) }
            }
        }
        print(table.text)
        #expect(table.certain * 5 >= table.pairs * 4, "four pairs in five are certain")
        try GeneratedDocument(name: "prediction-accuracy.md", text: kept.text).check()
    }

    private func check(_ verdict: Verdict) {
        let transition = verdict.transition
        let name = "\(transition.from) -> \(transition.to.name) by \(transition.steps.map(\.description))"
        let wrong = verdict.differences.filter { $0.kind == .owner }.map(\.what)
        #expect(verdict.isRight, "\(name): \(wrong)")
        #expect(verdict.isCertain || !verdict.plan.prediction.missingFacts.isEmpty, "\(name): names no missing fact")
        #expect(verdict.lineDifferences.isEmpty, "\(name): \(verdict.lineDifferences.map(\.what))")
    }
}

/// How good the predictions are, kernel by kernel and scenario by scenario.
struct AccuracyTable {
    private var rows: [String] = []
    private(set) var pairs = 0
    private var right = 0
    private(set) var certain = 0

    mutating func add(_ kernel: String, _ scenario: String, _ verdicts: [Verdict]) {
        let rightHere = verdicts.count(where: \.isRight)
        let certainHere = verdicts.count(where: \.isCertain)
        rows.append("| \(kernel) | \(scenario) | \(verdicts.count) | \(rightHere) | \(certainHere) |")
        pairs += verdicts.count
        right += rightHere
        certain += certainHere
    }

    var text: String {
        let head = """
            # How good the predictions are

            Made by `make docs`: every recorded machine in `Tests/Captures`, each pair of moments up to four apart, whose
            commands the model knows. *Right*: the prediction's set of owners contains what the kernel did, for every range.
            *Certain*: the set has one owner for every range; then the predicted lines of `/proc/iomem` equal the recorded
            ones. What is not certain names the fact that is missing.

            | kernel | scenario | pairs | right | certain |
            |---|---|---|---|---|

            """
        return head + (rows + ["| all | | \(pairs) | \(right) | \(certain) |"]).joined(separator: "\n") + "\n"
    }
}
