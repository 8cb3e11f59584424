import Foundation
import Inspection
import Ownership
import Policy
import SavedPlan
import TestCaptures
import Testing

@testable import daxswitch

@Suite("Adversary, issue 10 number 15: a saved plan that was changed")
struct EditedPlanTests {
    private func document() throws -> [String: Any] {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let policy = try PolicyLibrary(folders: []).find("hmem").policy
        let plan = try Planner(machine: try Inspector(root: root.path).read()).plan(policy)
        let text = JSONText.document(plan)
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func text(_ document: Any, _ options: JSONSerialization.WritingOptions = []) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: document, options: options), as: UTF8.self)
    }

    /// Copies of `value` with one word, number, flag or element of it changed.
    private func edits(_ value: Any) -> [Any] {
        switch value {
        case let object as [String: Any]:
            object.flatMap { key, member -> [Any] in
                edits(member).map { object.merging([key: $0]) { $1 } }
            }
        case let list as [Any]:
            list.indices.flatMap { index -> [Any] in
                edits(list[index]).map { edited in
                    var copy = list
                    copy[index] = edited
                    return copy
                }
            } + (list.isEmpty ? [] : [Array(list.dropLast())])
        case let text as String: [text + "1", "hmem", "cxl"].filter { $0 != text }
        case let flag as Bool: [!flag]
        default: []
        }
    }

    @Test("in one place, whichever: 65, for apply and verify alike")
    func edited() throws {
        let document = try document()
        let edits = edits(document)
        #expect(edits.count > 200)
        for edit in edits {
            let error = #expect(throws: PlanFileError.self) { try PlanFile.parse(try text(edit), file: "plan.json") }
            #expect(error.map { Failure($0).status } == .badData)
        }
    }

    @Test("with other white space only: read")
    func layout() throws {
        let document = try document()
        for options in [[], .prettyPrinted, .sortedKeys] as [JSONSerialization.WritingOptions] {
            #expect(try PlanFile.parse(try text(document, options), file: "plan.json").policy?.name == "hmem")
        }
    }

    @Test("of 0.1.0, which has no digest: 65, with the key")
    func withoutDigest() throws {
        var document = try document()
        document["digest"] = nil
        let error = #expect(throws: PlanFileError.self) { try PlanFile.parse(try text(document), file: "plan.json") }
        #expect(error?.place == "digest" && error?.message.contains("missing") == true)
    }

    @Test("a want that was edited, given to verify: 65")
    func verify() throws {
        var document = try document()
        var request = try #require(document["request"] as? [String: Any])
        request["want"] = ["covered_by_region": "any", "window_only": "any", "outside_windows": "any"]
        document["request"] = request
        let file = try temporaryFile("plan.json", try text(document))
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let ended = try Tool.run(["verify", file], on: root)
        #expect(ended.status == 65 && ended.complaint.contains("digest"))
    }
}
