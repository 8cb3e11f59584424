import Machine
import Ownership
import TestCaptures
import Testing

@Suite("Predictions, held against recorded machines")
struct ReplayTests {
    @Test("the prediction of every recorded transition contains what the kernel did")
    func everyTransition() throws {
        var table: [String] = []
        for kernel in TestCaptures.kernels {
            for scenario in TestCaptures.scenarios(kernel: kernel) {
                let verdicts = try Replay.transitions(kernel: kernel, scenario: scenario).map(Replay.verdict)
                for verdict in verdicts { check(verdict) }
                let right = verdicts.count(where: \.isRight)
                let certain = verdicts.count(where: \.isCertain)
                table.append("\(kernel) \(scenario): \(verdicts.count) transitions, \(right) right, \(certain) certain")
            }
        }
        print(table.joined(separator: "\n"))
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
