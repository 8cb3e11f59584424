import Foundation
import Testing

@Suite("policies")
struct PoliciesTests {
    /// `policies hmem`, run once for all tests that read what it prints: a proof takes most of a second.
    static let hmem = Result { try Tool.run(["policies", "hmem"]) }

    @Test("a list and a policy are as the schema says", arguments: [[], ["reload"]])
    func document(_ name: [String]) throws {
        let document = try Tool.run(["policies"] + name + ["--json"]).document()
        #expect(try Schema(named: "policies").problems(document) == [])
        let policies = document["policies"] as? [[String: Any]] ?? []
        let generations = policies.map { ($0["proof"] as? [Any])?.count }
        #expect(generations == (name.isEmpty ? [0, 0, 0] : [5]))
    }

    @Test("the proof for people: counts, hazards and a trace")
    func text() throws {
        let ended = try Self.hmem.get()
        #expect(ended.status == 0)
        for part in ["hold already", "coordinated: where the order", "region-lost", "after load:cxl_acpi"] {
            #expect(ended.output.contains(part), "\(part)")
        }
    }

    @Test("a policy of one's own is proven too: loading dax_hmem alone never brings hmem while regions are seen")
    func own() throws {
        let path = try temporaryFile(
            "mine.toml",
            "summary = \"mine\"\norder = [\"load:dax_hmem\"]\n[want]\ncovered_by_region = \"hmem\"\n"
        )
        let document = try Tool.run(["policies", path, "--json"]).document()
        let policy = (document["policies"] as? [[String: Any]])?.first
        let proofs = policy?["proof"] as? [[String: Any]] ?? []
        let coordinated = proofs.first { $0["generation"] as? String == "coordinated" }
        let refusals = coordinated?["refused_by"] as? [String: Int] ?? [:]
        #expect(refusals["want-unmet", default: 0] > 0)
    }
}
