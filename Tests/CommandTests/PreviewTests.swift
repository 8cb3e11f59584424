import ArgumentParser
import Foundation
import Inspection
import Machine
import Ownership
import Policy
import SavedPlan
import TestCaptures
import Testing

@testable import daxswitch

@Suite("What plan shows is what apply carries out")
struct PreviewTests {
    /// A region with online memory, one that is lost with cxl_acpi, one that is kept, a window without one.
    private static let captures = [
        "7.3.4/auto-kmem/kmem-movable", "7.3.4/auto-kmem/kmem-offline", "7.3.4/auto-reload/dax_cxl-first",
        "7.3.4/locked-switch/cxl-owned", "7.3.4/no-region/topology", "6.12.107/locked-switch/cxl-owned",
    ]

    /// Every combination of the options.
    private static let options: [[String]] = [[], ["--offline-memory"]].flatMap { offlining in
        [[], ["--leave-idle"]].flatMap { idle in
            [[], Hazard.Identifier.acceptable].map { (kinds: [Hazard.Identifier]) in
                offlining + idle + kinds.flatMap { ["--accept", $0.rawValue] }
            }
        }
    }

    /// A plan without what only says when it was made, and what to do next.
    private func bare(_ plan: Plan) -> Plan {
        var plan = plan
        plan.madeAt = nil
        plan.recommendation = nil
        return plan
    }

    private func apply(_ asked: PolicyOrPlan, _ options: [String], on machine: MachineState) throws -> Plan {
        try asked.plan(for: machine, try ApplyCommand.parse(["p", "--yes"] + options).consents)
    }

    @Test("of a policy and of a saved plan, with every combination of options", arguments: captures)
    func equal(capture: String) throws {
        let machine = try Inspector(root: TestCaptures.root(capture).path).read()
        var verdicts: Set<Plan.Verdict> = []
        for name in ["hmem", "cxl"] {
            let entry = try PolicyLibrary(folders: []).find(naming: name)
            for options in Self.options {
                let command = try PlanCommand.parse([name, "--root", "x"] + options)
                let shown = try command.plan(entry, on: machine)
                verdicts.insert(shown.verdict)
                #expect(try apply(.policy(entry), options, on: machine) == shown, "\(name) \(options)")
                let saved = try PlanFile.parse(JSONText.document(shown), file: "p.json")
                #expect(JSONText.document(saved) == JSONText.document(shown), "\(name) \(options)")
                let again = try apply(.plan(saved, file: "p.json"), [], on: machine)
                #expect(bare(again) == bare(shown), "\(name) \(options)")
                var report = ApplyReport()
                report.take(again, on: machine)
                report.outcome = .dryRun
                #expect(report.status == command.status(of: shown), "\(name) \(options)")
                #expect(report.accepted == shown.request.accepted)
            }
        }
        #expect(verdicts.count > 1)
    }

    @Test("an accepted hazard doesn't refuse the plan, and the verdict says that it is there")
    func accepted() throws {
        let machine = try Inspector(root: TestCaptures.root("7.3.4/auto-reload/dax_cxl-first").path).read()
        let entry = try PolicyLibrary(folders: []).find(naming: "hmem")
        let plan = { (words: [String]) in try PlanCommand.parse(["hmem"] + words).plan(entry, on: machine) }
        let refused = try plan([])
        #expect(refused.verdict == .refused && refused.openHazards == refused.hazards)
        let kinds = Set(refused.hazards.map(\.id))
        let one = try plan(["--accept", "region-lost"])
        #expect(one.openHazards.allSatisfy { $0.id != .regionLost } && one.hazards == refused.hazards)
        guard kinds.isSubset(of: Hazard.Identifier.acceptable) else {
            #expect(one.verdict == .refused)
            return
        }
        let all = try plan(kinds.flatMap { ["--accept", $0.rawValue] })
        #expect(all.verdict == .accepted && all.steps == refused.steps)
        let command = kinds.map(\.rawValue).sorted().map { " --accept \($0)" }.joined()
        #expect(all.recommendation == "daxswitch apply hmem\(command)")
    }

    @Test("what is broken is counted as status does, without the regions that only --regions-from shows")
    func faultsWithoutCapture() throws {
        let machine = try Inspector(root: TestCaptures.root("7.3.4/no-region/topology").path).read()
        let window = try #require(machine.windows.first).range
        let layout = RegionLayout(name: "region0", range: window, granularity: 256, targets: [])
        let earlier = EarlierRegions(file: "earlier.tgz", layouts: [layout])
        #expect(faultCount(of: machine.losing(earlier)) > faultCount(of: machine))
        let verdict = { (overrides: Overrides) in
            let plan = try Planner(machine: machine, overrides: overrides).predict([])
            return planText(plan, machine: machine, Detail(isQuiet: true), style: Style(hasColour: false)).map(\.text)
        }
        #expect(try verdict(Overrides(regions: earlier)) == verdict(Overrides()))
    }

    @Test("what was accepted was accepted for what the plan showed: another region makes a saved plan stale")
    func otherSubject() throws {
        let machine = try Inspector(root: TestCaptures.root("7.3.4/auto-reload/dax_cxl-first").path).read()
        let entry = try PolicyLibrary(folders: []).find(naming: "hmem")
        var saved = try PlanCommand.parse(["hmem", "--accept", "region-lost"]).plan(entry, on: machine)
        saved.hazards.removeAll { $0.id == .regionLost }
        let stale = try #require(throws: StalePlan.self) { try apply(.plan(saved, file: "p.json"), [], on: machine) }
        #expect(stale.changes.map(\.fact).contains("hazard region-lost"))
    }

    @Test("a saved plan accepts no hazard that would crash the host")
    func crash() throws {
        let machine = try Inspector(root: TestCaptures.root("7.3.4/no-region/topology").path).read()
        let entry = try PolicyLibrary(folders: []).find(naming: "hmem")
        var plan = try PlanCommand.parse(["hmem"]).plan(entry, on: machine)
        plan.request.accepted = [.undecodedRange]
        let error = #expect(throws: PlanFileError.self) { try PlanFile.parse(JSONText.document(plan), file: "p.json") }
        #expect(error?.place == "request.accept")
    }

    @Test(
        "the document about the next boot is as its schema says",
        arguments: ["7.3.4/locked-switch/cxl-owned", "7.3.4/no-region/topology", "7.3.4/locked-switch/hmem-owned"]
    )
    func nextBoot(capture: String) throws {
        let machine = try Inspector(root: TestCaptures.root(capture).path).read()
        for name in [nil, "hmem", "cxl"] {
            let policy = try name.map { try PolicyLibrary(folders: []).find(naming: $0).policy }
            let text = nextBootDocument(try NextBootReport(policy, on: machine)).rendered
            let document = try JSONSerialization.jsonObject(with: Data(text.utf8))
            #expect(try Schema(named: "next-boot").problems(document) == [], "\(name ?? "")")
        }
    }
}
