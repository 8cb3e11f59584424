import Foundation
import TestCaptures
import Testing

@Suite("plan and predict")
struct PlanTests {
    private func locked() throws -> CaptureRoot {
        try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
    }

    private func unlocked() throws -> CaptureRoot {
        try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first")
    }

    @Test("plan hmem with locked regions: possible, the hold comes before cxl_acpi goes")
    func lockedRegions() throws {
        let ended = try Tool.run(["plan", "hmem", "--json"], on: try locked())
        #expect(ended.status == 0, "\(ended.output)")
        let steps = try #require(try ended.document()["steps"] as? [[String: Any]])
        let words = steps.map { "\($0["do"] ?? "") \($0["module"] as? String ?? "")" }
        let hold = try #require(words.firstIndex(of: "hold "))
        let unload = try #require(words.firstIndex(of: "unload cxl_acpi"))
        #expect(hold < unload)
    }

    @Test("plan --detailed-exitcode: 2 where changes are pending")
    func pending() throws {
        #expect(try Tool.run(["plan", "hmem", "--detailed-exitcode"], on: try locked()).status == 2)
        #expect(try Tool.run(["plan", "cxl", "--detailed-exitcode"], on: try locked()).status == 0)
    }

    @Test("plan hmem with unlocked regions: refused, the hazard is shown with its fix")
    func unlockedRegions() throws {
        let ended = try Tool.run(["plan", "hmem"], on: try unlocked())
        #expect(ended.status == 3)
        #expect(ended.output.contains("region-lost"))
        #expect(ended.output.contains("reboot"))
        #expect(ended.output.contains("Policy hmem: 5 steps"))
    }

    @Test("plan hmem with locked regions on a kernel that resets them anyway: refused")
    func lockIgnored() throws {
        let root = try TestCaptures.root(kernel: "6.12.107", scenario: "locked-switch", "cxl-owned")
        let ended = try Tool.run(["plan", "hmem"], on: root)
        #expect(ended.status == 3)
        #expect(ended.output.contains("region-lost"))
    }

    @Test("plan cxl where it holds: nothing to do")
    func nothingToDo() throws {
        let ended = try Tool.run(["plan", "cxl"], on: try unlocked())
        #expect(ended.status == 0)
        #expect(ended.output.hasPrefix("Nothing to do: already in effect.\n"))
    }

    @Test("a policy whose order can't lead to what it wants is refused")
    func wantUnmet() throws {
        let file = try temporaryFile(
            "odd.toml",
            "summary = \"s\"\norder = [\"unload:dax_cxl\", \"load:dax_cxl\"]\n[want]\ncovered_by_region = \"hmem\"\n"
        )
        let ended = try Tool.run(["plan", file], on: try unlocked())
        #expect(ended.status == 3)
        #expect(ended.output.contains("want-unmet"))
    }

    @Test("predict answers for any order, and hazards end with 0")
    func predict() throws {
        let ended = try Tool.run(["predict", "unload:dax_cxl", "unload:dax-hmem", "--json"], on: try unlocked())
        #expect(ended.status == 0)
        let document = try ended.document()
        #expect(document["kind"] as? String == "predict")
        let ranges = try #require(document["ranges"] as? [[String: Any]])
        #expect(ranges.map { $0["owners"] as? [String] } == [["none"]])
        let hazards = try #require(document["hazards"] as? [[String: Any]])
        #expect(hazards.map { $0["id"] as? String } == ["orphaned-range"])
    }

    @Test("the members of a plan are the same with hazards, without, and for a prediction")
    func shape() throws {
        let plans = [
            try Tool.run(["plan", "hmem", "--json"], on: try locked()),
            try Tool.run(["plan", "hmem", "--json"], on: try unlocked()),
            try Tool.run(["predict", "hold", "--json"], on: try unlocked()),
        ]
        for plan in plans {
            #expect(
                Set(try plan.document().keys) == [
                    "schema_version", "kind", "policy", "request", "steps", "certain", "missing_facts", "ranges",
                    "modules", "iomem", "hazards", "fingerprint", "digest", "host", "made_at", "notes",
                    "overrides", "recommendation", "verdict",
                ]
            )
        }
    }

    @Test("--initial-probe and --rules replace what was found")
    func overrides() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "no-region", "topology")
        let owners = { (more: [String]) in
            let ended = try Tool.run(["predict", "load:dax_hmem", "--json"] + more, on: root)
            return try #require(try ended.document()["ranges"] as? [[String: Any]]).map { $0["owners"] as? [String] }
        }
        #expect(try owners(["--initial-probe", "pending"]) == [["hmem"]])
        #expect(try owners(["--initial-probe", "done"]) == [["none"]])
        #expect(try owners(["--rules", "deferring"]) == [["none"]])
    }
}
