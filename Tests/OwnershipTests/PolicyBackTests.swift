import CaptureReplay
import Policy
import TestCaptures
import Testing

@testable import Ownership

@Suite("The policy that leads back from a plan")
struct PolicyBackTests {
    private func policy(_ name: String) throws -> Policy { try PolicyLibrary(folders: []).find(name).policy }

    /// The policy that restores what a recorded machine is, after another was applied there.
    private func policyBack(from name: String, on path: String) throws -> String? {
        let planner = try Planner(machine: try Replay.state(try TestCaptures.root(path)))
        let policies = try ["cxl", "hmem", "reload"].map(policy)
        return planner.policy(backFrom: planner.plan(try policy(name)), among: policies)?.name
    }

    @Test("a locked region comes back with cxl, as the kernel did in this recording")
    func locked() throws {
        #expect(try policyBack(from: "hmem", on: "7.3.4/locked-switch/cxl-owned") == "cxl")
    }

    @Test("a region whose decoders are reset does not come back")
    func unlocked() throws {
        #expect(try policyBack(from: "hmem", on: "7.3.4/auto-unlocked-switch/cxl-owned") == nil)
    }

    @Test("a plan that changes no owner needs no policy")
    func unchanged() throws {
        #expect(try policyBack(from: "reload", on: "7.3.4/locked-switch/cxl-owned") == nil)
    }
}
