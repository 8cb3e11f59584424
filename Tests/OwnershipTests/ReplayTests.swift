import CaptureReplay
import Foundation
import Iomem
import Machine
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
        // No document has the rows of recordings that are not kept.
        if ProcessInfo.processInfo.environment["DAXSWITCH_EXTRA_CAPTURES"] != nil { print(table.text) }
        #expect(table.pairs > 2000 && table.certain * 5 >= table.pairs * 4, "four pairs in five are certain")
        let document = GeneratedDocument.predictionAccuracy(scenarios)
        #expect(document.isCurrent, "docs/\(document.name) is stale: run `make docs`")
    }

    @Test("a region that was made again lies where it was, on the same bytes of the same devices, with its dax device")
    func everyRecreation() throws {
        let verdicts = try Replay.everything().flatMap(\.verdicts).filter { !$0.transition.restored.isEmpty }
        #expect(verdicts.count >= 30 && Set(verdicts.map(\.transition.from.kernel)).count > 1, "\(verdicts.count)")
        for verdict in verdicts {
            let (transition, plan) = (verdict.transition, verdict.plan)
            let name = "\(transition.from) -> \(transition.to.name) by \(transition.steps.map(\.description))"
            #expect(!plan.hazards.contains { $0.id == .stepRefused }, "\(name): \(plan.hazards.map(\.why))")
            let differences = Target(of: plan).differences(on: transition.after)
            #expect(verdict.isCertain && differences.isEmpty, "\(name): \(differences.map(\.what))")
            guard transition.steps.last?.verb == .restoreRegion else { continue }
            let made = transition.after.layouts(of: transition.after.regions.filter(\.committed))
            for range in transition.restored {
                let layout = transition.before.layouts.first { $0.range == range }
                let again = made.first { $0.range == range }
                #expect(layout != nil && again?.targets == layout?.targets, "\(name)")
                #expect(again?.granularity == layout?.granularity, "\(name)")
            }
            let devices = transition.after.daxDevices.filter { $0.owner == .cxl }.flatMap(\.ranges)
            let claimed = plan.prediction.ranges.filter { $0.owners == [.cxl] }.map(\.range)
            #expect(devices.merged() == claimed.merged(), "\(name)")
        }
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
