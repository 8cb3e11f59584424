import Foundation
import Machine
import Ownership
import Policy
import Testing

@testable import daxswitch

@Suite("policies")
struct PoliciesTests {
    /// A policy of one's own with its proof, made once: it takes seconds.
    private static let own = Result {
        let path = try temporaryFile(
            "mine.toml",
            "summary = \"mine\"\norder = [\"load:dax_hmem\"]\n[want]\ncovered_by_region = \"hmem\"\n"
        )
        let entry = try PolicyLibrary().find(naming: path)
        return (entry: entry, proof: PolicyProof(entry.policy).run())
    }

    @Test("a list and a policy are as the schema says, and prove nothing without asking", arguments: [[], ["reload"]])
    func document(_ name: [String]) throws {
        let document = try Tool.run(["policies"] + name + ["--json"]).document()
        #expect(try Schema(named: "policies").problems(document) == [])
        let policies = document["policies"] as? [[String: Any]] ?? []
        let generations = policies.map { ($0["proof"] as? [Any])?.count }
        #expect(generations == (name.isEmpty ? [0, 0, 0] : [0]))
    }

    @Test(
        "the proof in the document: every generation, and loading dax_hmem alone never leads to hmem while regions are seen"
    )
    func proof() throws {
        let (entry, proof) = try Self.own.get()
        let text = policiesDocument([(entry, proof)]).rendered
        let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(try Schema(named: "policies").problems(document) == [])
        let proofs = (document["policies"] as? [[String: Any]])?.first?["proof"] as? [[String: Any]] ?? []
        #expect(proofs.count == Generation.allCases.count)
        let coordinated = proofs.first { $0["generation"] as? String == "coordinated" }
        let refusals = coordinated?["refused_by"] as? [String: Int] ?? [:]
        #expect(refusals["want-unmet", default: 0] > 0)
    }

    @Test("the proof for people: counts and hazards; a trace to each state only with --verbose")
    func text() throws {
        let proof = try Self.own.get().proof
        let texts = [false, true].map { isVerbose in
            proofText(proof, isVerbose: isVerbose, style: Style(hasColour: false)).map(\.text).joined(separator: "\n")
        }
        for text in texts {
            for part in ["in effect", "coordinated: states in which the order", "want-unmet"] {
                #expect(text.contains(part), "\(part)")
            }
        }
        #expect(!texts[0].contains("after load:cxl_acpi") && texts[1].contains("after load:cxl_acpi"))
        #expect(texts[0].split(separator: "\n").count < 40)
    }

    @Test("--proof is about one policy")
    func unnamed() throws {
        #expect(try Tool.run(["policies", "--proof"]).status == 64)
    }
}
