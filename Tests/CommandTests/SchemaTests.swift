import Foundation
import SavedPlan
import TestCaptures
import Testing

@testable import daxswitch

@Suite("The documents are as docs/schemas says")
struct SchemaTests {
    /// The last moments of every sixth scenario of each kernel: owners, hazards and doubts of every kind.
    private static let roots: [CaptureRoot] = TestCaptures.kernels.flatMap { kernel in
        TestCaptures.scenarios(kernel: kernel).enumerated().filter { $0.offset.isMultiple(of: 6) }.compactMap {
            TestCaptures.roots(kernel: kernel, scenario: $0.element).last
        }
    }

    @discardableResult
    private func check(_ schema: String, _ arguments: [String], on root: CaptureRoot) throws -> Ended {
        let ended = try Tool.run(arguments + ["--json"], on: root)
        #expect(try Schema(named: schema).problems(try ended.document()) == [])
        return ended
    }

    @Test("status", arguments: roots)
    func status(root: CaptureRoot) throws { try check("status", ["status"], on: root) }

    @Test("plan and predict, which can all be read back and written again as they were", arguments: roots)
    func plan(root: CaptureRoot) throws {
        let orders = ["cxl", "hmem", "reload"].map { ["plan", $0] }
        for words in orders + [["predict", "unload:cxl_acpi", "load:dax_hmem", "--initial-probe", "done"]] {
            let text = try check("plan", words, on: root).output
            #expect(JSONText.document(try PlanFile.parse(text, file: "plan.json")) == text)
        }
    }

    @Test("verify", arguments: roots)
    func verify(root: CaptureRoot) throws {
        for policy in ["cxl", "hmem", "reload"] { try check("verify", ["verify", policy], on: root) }
    }

    @Test("apply that refuses, and errors")
    func errors() throws {
        let apply = try Tool.run(["apply", "hmem", "--json"])
        #expect(try Schema(named: "apply").problems(try apply.document()) == [])
        let recover = try Tool.run(["recover", "--json"])
        #expect(try Schema(named: "recover").problems(try recover.document()) == [])
        let error = try Tool.run(["status", "--root", "/nowhere", "--json"])
        #expect(try Schema(named: "error").problems(try error.document()) == [])
    }

    @Test("a wrong document is found out")
    func wrong() throws {
        let schema = try Schema(named: "verify")
        let document: [String: Any] = [
            "schema_version": 2, "kind": "verify", "policy": NSNull(), "matches": "yes", "differences": 1,
        ]
        #expect(schema.problems(document).count == 3)
    }
}
