import Foundation
import Inspection
import Machine
import Ownership
import Policy
import SavedPlan
import TestCaptures
import Testing

@testable import daxswitch

@Suite("What is asked of a saved plan")
struct PlanShapeTests {
    /// A plan in which every word that a document can have occurs.
    private func plan() throws -> Plan {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let machine = try Inspector(root: root.path).read()
        let overrides = Overrides(generation: .coordinated, initialProbe: .done)
        var plan = try Planner(machine: machine, overrides: overrides)
            .plan(try PolicyLibrary(folders: []).find("hmem").policy)
        plan.request.policy?.want.windowOnly = nil
        let bytes = try #require(plan.prediction.ranges.first).range
        plan.prediction.ranges[0].owners = Set(Owner.allCases)
        plan.prediction.ranges[0].through = "region0"
        plan.prediction.modules["kmem"] = [.live, .changing, .builtin, .unbound, .absent, .missing]
        plan.prediction.missingFacts = ["The kernel log is not whole."]
        plan.steps =
            [.load("dax_cxl"), .unload("dax_hmem"), .hold, .release, .offlineMemory(bytes)]
            + MemoryUse.OnlineZone.allCases.map { .restoreUse(bytes, .systemRAM($0)) }
            + [.restoreUse(bytes, .devdax), .restoreUse(bytes, .idle)]
        plan.hazards = Hazard.Identifier.allCases.map { id in
            Hazard(id: id, subject: "region0", why: "It is so.", fix: "Reboot.")
        }
        return plan
    }

    private func object(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }

    /// Why a document is refused; nil if it is read.
    private func refusal(_ document: Any) throws -> PlanFileError? {
        let text = String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
        do throws(PlanFileError) {
            _ = try PlanFile.parse(text, file: "plan.json")
            return nil
        } catch {
            return error
        }
    }

    @Test("a plan with every word is as the schema says, and is read as it was written")
    func roundTrip() throws {
        let plan = try plan()
        let text = JSONText.document(plan)
        #expect(try Schema(named: "plan").problems(try object(text)) == [])
        #expect(try PlanFile.parse(text, file: "plan.json") == plan)
    }

    @Test("every word of the schema is understood, and null where the schema has it")
    func words() throws {
        let mutations = try mutations(of: try object(JSONText.document(try plan())))
        let allowed = mutations.filter { $0.isAllowed }
        #expect(allowed.count > 60)
        for mutation in allowed {
            let error = try refusal(mutation.document)
            // What a word stands beside decides whether it makes sense there; a plan has a policy, a prediction has none.
            let words = error?.description ?? ""
            let isOddHere =
                words.contains("match") || words.contains("was changed after it was written")
                || error?.place == "policy"
            #expect(error == nil || isOddHere, "\(error?.description ?? "")")
        }
    }

    @Test("what the schema does not allow is refused, with its place")
    func refused() throws {
        let schema = try Schema(named: "plan")
        let wrong = try mutations(of: try object(JSONText.document(try plan()))).filter { !$0.isAllowed }
        #expect(wrong.count > 200)
        for mutation in wrong {
            #expect(!schema.problems(mutation.document).isEmpty, "\(mutation.place)")
            #expect(try refusal(mutation.document)?.place == mutation.place)
        }
    }

    @Test("a value that does not follow from the rest is refused", arguments: ["size", "certain"])
    func derived(key: String) throws {
        var document = try #require(try object(JSONText.document(try plan())) as? [String: Any])
        if key == "certain" {
            document[key] = true
        } else {
            var lines = try #require(document["iomem"] as? [[String: Any]])
            lines[0][key] = 1
            document["iomem"] = lines
        }
        let error = try #require(try refusal(document))
        #expect(error.place == (key == "size" ? "iomem[0].size" : key))
        #expect(error.message.contains("does not match"))
    }

    @Test("takes a line of plan over several machines, which has a root")
    func line() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let fleet = try Tool.run(["plan", "hmem", "--json", "--root", root.path], on: root)
        let line = try #require(fleet.output.split(separator: "\n").first)
        #expect(line.contains("\"root\":"))
        #expect(try PlanFile.parse(String(line), file: "plan.json").policy?.name == "hmem")
        let numbered = line.replacing("\"root\":\"", with: "\"root\":1,\"was\":\"")
        #expect(throws: PlanFileError.self) { try PlanFile.parse(String(numbered), file: "plan.json") }
    }

    /// A document that was changed in one place.
    private struct Mutation {
        let place: String
        /// The schema has the new value.
        let isAllowed: Bool
        let document: Any
    }

    /// Every change of one member that the schema tells allowed from wrong, in the first element of each list.
    private func mutations(of document: Any) throws -> [Mutation] {
        let url = repository.appendingPathComponent("docs/schemas/plan.schema.json")
        let schema = try JSONSerialization.jsonObject(with: try Data(contentsOf: url))
        return changes(of: document, as: try #require(schema as? [String: Any]), at: "")
            .map { Mutation(place: $0.place, isAllowed: $0.isAllowed, document: $0.value) }
    }

    private typealias Change = (place: String, isAllowed: Bool, value: Any)

    private func changes(of value: Any, as schema: [String: Any], at place: String) -> [Change] {
        let types = schema["type"] as? [String] ?? [schema["type"] as? String ?? ""]
        var found: [Change] = []
        if !place.isEmpty {
            let words = (schema["enum"] as? [Any] ?? []).compactMap { $0 as? String }
            found += words.map { (place, true, $0) }
            if !words.isEmpty || schema["pattern"] != nil { found.append((place, false, "moon")) }
            found.append((place, types.contains("null"), NSNull()))
            found.append((place, false, types.contains("array") ? ["1": 1] as [String: Any] : [[1]]))
            if types == ["string"] || types == ["boolean"] { found.append((place, false, 7)) }
        }
        if let members = value as? [String: Any], let known = schema["properties"] as? [String: [String: Any]] {
            let path = { (name: String) in place.isEmpty ? name : "\(place).\(name)" }
            found.append((path("speed"), false, members.merging(["speed": 1]) { $1 }))
            for (name, member) in members {
                guard let schema = known[name], schema["const"] == nil, name != "kind" else { continue }
                found.append((path(name), false, members.filter { $0.key != name }))
                found += changes(of: member, as: schema, at: path(name)).map { change in
                    (change.place, change.isAllowed, members.merging([name: change.value]) { $1 })
                }
            }
        } else if let values = value as? [Any], let first = values.first, let items = schema["items"] as? [String: Any]
        {
            found += changes(of: first, as: items, at: "\(place)[0]").map { change in
                (change.place, change.isAllowed, [change.value] + values.dropFirst())
            }
        }
        return found
    }
}
