import CaptureReplay
import Ownership
import TestCaptures
import Testing

@Suite("Predictions, compared with recorded machines")
struct ReplayTests {
    @Test(
        "the prediction of every recorded transition contains what the kernel did; docs/prediction-accuracy.md is current"
    )
    func everyTransition() throws {
        let scenarios = try Replay.everything()
        for verdict in scenarios.flatMap(\.verdicts) { check(verdict) }
        let table = AccuracyTable(scenarios)
        print(table.text)
        #expect(table.pairs > 2000 && table.certain * 5 >= table.pairs * 4, "four pairs in five are certain")
        let document = GeneratedDocument.predictionAccuracy(scenarios)
        #expect(document.isCurrent, "docs/\(document.name) is stale: run `make docs`")
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
