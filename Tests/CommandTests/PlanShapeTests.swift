import Foundation
import Ownership
import TestCaptures
import Testing

@testable import daxswitch

@Suite("What is asked of a saved plan")
struct PlanShapeTests {
    @Test("is what its schema says, member by member")
    func schema() throws {
        let url = repository.appendingPathComponent("docs/schemas/plan.schema.json")
        let schema = try JSONSerialization.jsonObject(with: try Data(contentsOf: url))
        let shape = try JSONSerialization.jsonObject(
            with: try JSONSerialization.data(withJSONObject: Shape.plan.schema)
        )
        let (found, expected) = (lines(bare(shape)), lines(bare(schema)))
        #expect(found.subtracting(expected) == [])
        #expect(expected.subtracting(found) == [])
        #expect(found.count > 150)
    }

    @Test("takes a line of plan over several machines, which has a root")
    func line() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let fleet = try Tool.run(["plan", "hmem", "--json", "--root", root.path], on: root)
        let line = try #require(fleet.output.split(separator: "\n").first)
        #expect(line.contains("\"root\":"))
        #expect(try SavedPlan(String(line), file: "plan.json").policy?.name == "hmem")
    }

    /// Without what is for people, and without what follows from the rest.
    private func bare(_ schema: Any) -> Any {
        if let values = schema as? [Any] { return Set(values.map { "\($0)" }) }
        guard let members = schema as? [String: Any] else { return schema }
        return members.filter { !($0.value is String) || !["$schema", "title", "description"].contains($0.key) }
            .mapValues(bare)
    }

    /// Each value on a line of its own, behind its path.
    private func lines(_ value: Any, at path: String = "") -> Set<String> {
        if let members = value as? [String: Any] {
            return members.reduce(into: []) { $0.formUnion(lines($1.value, at: "\(path)/\($1.key)")) }
        }
        if let words = value as? Set<String> { return Set(words.map { "\(path) \($0)" }) }
        return ["\(path) \(value)"]
    }
}

extension Shape {
    /// The shape as a JSON Schema.
    fileprivate var schema: [String: Any] {
        switch self {
        case .members(let needed, let optional):
            [
                "type": "object", "additionalProperties": false, "required": needed.keys.sorted(),
                "properties": needed.merging(optional) { one, _ in one }.mapValues(\.schema),
            ]
        case .map(let shape): ["type": "object", "additionalProperties": shape.schema]
        case .list(let shape): ["type": "array", "items": shape.schema]
        case .text: ["type": "string"]
        case .hexadecimal(let prefix, let count):
            ["type": "string", "pattern": "^\(prefix)[0-9a-f]\(count.map { "{\($0)}" } ?? "+")$"]
        case .word(let words): ["type": "string", "enum": words]
        case .truth: ["type": "boolean"]
        case .count: ["type": "integer", "minimum": 0]
        case .constant(let number): ["const": Int(number)]
        case .orNull(let shape): Self.orNull(shape.schema)
        }
    }

    private static func orNull(_ schema: [String: Any]) -> [String: Any] {
        var schema = schema
        schema["type"] = [schema["type"] ?? "", "null"]
        if let words = schema["enum"] as? [Any] { schema["enum"] = words + [NSNull()] }
        return schema
    }
}
