import Foundation
import TestCaptures
import Testing

@Suite("verify")
struct VerifyTests {
    private func moment(_ number: String, of scenario: String = "locked-switch") throws -> CaptureRoot {
        try TestCaptures.root(kernel: "7.3.4", scenario: scenario, number)
    }

    private func savedPlan(_ arguments: [String], on root: CaptureRoot) throws -> String {
        let file = "\(TestCaptures.newDirectory())/plan.json"
        let ended = try Tool.run(arguments + ["--out", file], on: root)
        #expect(ended.status == 0 || ended.status == 3)
        return file
    }

    @Test("a saved prediction against the machine after those steps: as it says")
    func matches() throws {
        let plan = try savedPlan(["predict", "unload:dax_cxl", "unload:dax_hmem"], on: try moment("01"))
        let ended = try Tool.run(["verify", plan, "--json"], on: try moment("03"))
        #expect(ended.status == 0, "\(ended.output)")
        #expect(try ended.document()["matches"] as? Bool == true)
    }

    @Test("a saved plan against another machine: 4, with every difference")
    func differs() throws {
        let plan = try savedPlan(["plan", "hmem"], on: try moment("01"))
        let ended = try Tool.run(["verify", plan, "--json"], on: try moment("01"))
        #expect(ended.status == 4)
        let differences = try #require(try ended.document()["differences"] as? [[String: Any]])
        let kinds = Set(differences.compactMap { $0["kind"] as? String })
        #expect(kinds == ["owner", "iomem", "module"])
    }

    @Test("a policy that the machine does not hold: 4, in words")
    func policyUnmet() throws {
        let ended = try Tool.run(["verify", "hmem"], on: try moment("01"))
        #expect(ended.status == 4)
        #expect(ended.output.contains("is owned by cxl, wanted hmem"))
    }

    @Test("a policy that the machine holds: 0")
    func policyHolds() throws {
        #expect(try Tool.run(["verify", "cxl"], on: try moment("01")).status == 0)
        #expect(try Tool.run(["verify", "hmem"], on: try moment("05")).status == 0)
    }
}
