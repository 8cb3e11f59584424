import Foundation
import Inspection
import TestCaptures
import Testing

@Suite("verify")
struct VerifyTests {
    private func moment(_ name: String, of scenario: String = "locked-switch") throws -> CaptureRoot {
        try TestCaptures.root(kernel: "7.3.4", scenario: scenario, name)
    }

    private func savedPlan(_ arguments: [String], on root: CaptureRoot) throws -> String {
        let file = "\(TestCaptures.newDirectory())/plan.json"
        let ended = try Tool.run(arguments + ["--out", file], on: root)
        #expect(ended.status == 0 || ended.status == 3)
        return file
    }

    @Test("a saved prediction against the machine after those steps: as it says")
    func matches() throws {
        let plan = try savedPlan(["predict", "unload:dax_cxl", "unload:dax_hmem"], on: try moment("cxl-owned"))
        let ended = try Tool.run(["verify", plan, "--json"], on: try moment("dax-out"))
        #expect(ended.status == 0, "\(ended.output)")
        #expect(try ended.document()["matches"] as? Bool == true)
    }

    /// A machine that says who it is.
    private func host(_ name: String, release: String? = nil, _ moment: String) throws -> CaptureRoot {
        let host = try TestCaptures.copy(try self.moment(moment))
        try Data("\(name)\n".utf8).write(to: host.url("/proc/sys/kernel/hostname"))
        if let release { try Data("\(release)\n".utf8).write(to: host.url("/proc/sys/kernel/osrelease")) }
        return host
    }

    @Test("a saved plan of another host: 3, both named, and nothing is compared", arguments: ["plan", "predict"])
    func otherHost(kind: String) throws {
        let words = kind == "plan" ? ["plan", "hmem"] : ["predict", "hold"]
        let plan = try savedPlan(words, on: try host("node7", "cxl-owned"))
        let metrics = try temporaryFile("daxswitch.prom", "old")
        let ended = try Tool.run(
            ["verify", plan, "--json", "--prometheus", metrics],
            on: try host("node8", "hmem-owned")
        )
        #expect(ended.status == 3)
        let document = try ended.document()
        #expect(try Schema(named: "error").problems(document) == [])
        let error = try #require(document["error"] as? [String: Any])
        #expect(error["code"] as? String == "machine-changed")
        let message = try #require(error["message"] as? String)
        #expect(message.contains("node7") && message.contains("node8") && message.contains(plan))
        #expect(try String(contentsOfFile: metrics, encoding: .utf8) == "old")
    }

    @Test("a saved plan of another kernel: 3, with both releases")
    func otherKernel() throws {
        let plan = try savedPlan(["plan", "hmem"], on: try host("node7", "cxl-owned"))
        let ended = try Tool.run(["verify", plan], on: try host("node7", release: "7.3.5", "hmem-owned"))
        #expect(ended.status == 3)
        #expect(ended.complaint.contains("kernel: 7.3.4") && ended.complaint.contains("-> 7.3.5"))
    }

    @Test("a saved plan after a reboot of its host: compared as ever")
    func laterBoot() throws {
        let plan = try savedPlan(["plan", "hmem"], on: try host("node7", "cxl-owned"))
        let later = try host("node7", "hmem-owned")
        // The hold of that boot is gone with it, and the choice is persisted.
        try later.write("softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false\n", to: Inspector.persistedPath)
        try Data("another\n".utf8).write(to: later.url("/proc/sys/kernel/random/boot_id"))
        #expect(try Tool.run(["verify", plan], on: later).status == 0)
        let unchanged = try host("node7", "cxl-owned")
        try Data("another\n".utf8).write(to: unchanged.url("/proc/sys/kernel/random/boot_id"))
        #expect(try Tool.run(["verify", plan], on: unchanged).status == 4)
    }

    @Test("a saved plan against the machine as it was before: 4, with every difference")
    func differs() throws {
        let plan = try savedPlan(["plan", "hmem"], on: try moment("cxl-owned"))
        let ended = try Tool.run(["verify", plan, "--json"], on: try moment("cxl-owned"))
        #expect(ended.status == 4)
        let differences = try #require(try ended.document()["differences"] as? [[String: Any]])
        let kinds = Set(differences.compactMap { $0["kind"] as? String })
        #expect(kinds == ["owner", "iomem", "module", "hold"])
    }

    @Test("a policy that the machine does not hold: 4, in words")
    func policyUnmet() throws {
        let ended = try Tool.run(["verify", "hmem"], on: try moment("cxl-owned"))
        #expect(ended.status == 4)
        #expect(ended.output.contains("is owned by cxl, expected hmem"))
    }

    @Test("a policy that the machine holds: 0")
    func policyHolds() throws {
        #expect(try Tool.run(["verify", "cxl"], on: try moment("cxl-owned")).status == 0)
        #expect(try Tool.run(["verify", "hmem"], on: try moment("hmem-owned")).status == 0)
    }
}
