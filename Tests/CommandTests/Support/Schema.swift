import Foundation

/// Checks a JSON document against one of the shipped schemas; knows the keywords that these use.
struct Schema {
    private let root: [String: Any]

    init(named name: String) throws {
        let url = repository.appendingPathComponent("docs/schemas/\(name).schema.json")
        let value = try JSONSerialization.jsonObject(with: try Data(contentsOf: url))
        root = value as? [String: Any] ?? [:]
    }

    /// Every place where the document is not as the schema says.
    func problems(_ document: Any) -> [String] { problems(document, root, at: "") }

    private func problems(_ value: Any, _ schema: [String: Any], at path: String) -> [String] {
        var found: [String] = []
        if let options = schema["oneOf"] as? [[String: Any]] {
            let fitting = options.filter { problems(value, $0, at: path).isEmpty }
            if fitting.count != 1 { found.append("\(path): \(fitting.count) alternatives fit") }
        }
        if let types = schema["type"].map({ $0 as? [String] ?? [$0 as? String ?? ""] }),
            !types.contains(where: { isA(value, $0) })
        {
            found.append("\(path): not \(types.joined(separator: " or "))")
        }
        if let words = schema["enum"] as? [Any], !words.contains(where: { isSame($0, value) }) {
            found.append("\(path): \(value) is not one of \(words)")
        }
        if let constant = schema["const"], !isSame(constant, value) { found.append("\(path): not \(constant)") }
        if let pattern = schema["pattern"] as? String, let text = value as? String,
            text.range(of: pattern, options: .regularExpression) == nil
        {
            found.append("\(path): \(text) does not match \(pattern)")
        }
        if let items = schema["items"] as? [String: Any], let values = value as? [Any] {
            found += values.enumerated().flatMap { problems($0.element, items, at: "\(path)[\($0.offset)]") }
        }
        if let members = value as? [String: Any] { found += memberProblems(members, schema, at: path) }
        return found
    }

    private func memberProblems(_ members: [String: Any], _ schema: [String: Any], at path: String) -> [String] {
        let known = schema["properties"] as? [String: [String: Any]] ?? [:]
        var found = (schema["required"] as? [String] ?? []).filter { members[$0] == nil }
            .map { "\(path).\($0): missing" }
        for (name, member) in members {
            if let schema = known[name] ?? (schema["additionalProperties"] as? [String: Any]) {
                found += problems(member, schema, at: "\(path).\(name)")
            } else if schema["additionalProperties"] as? Bool == false {
                found.append("\(path).\(name): not in the schema")
            }
        }
        return found
    }

    private func isA(_ value: Any, _ type: String) -> Bool {
        let isBool = (value as? NSNumber).map { isTruth($0) } ?? false
        switch type {
        case "null": return value is NSNull
        case "boolean": return isBool
        case "integer": return value is NSNumber && !isBool
        case "string": return value is String
        case "array": return value is [Any]
        case "object": return value is [String: Any]
        default: return false
        }
    }

    /// The C type of a number tells a truth value from a count.
    private func isTruth(_ number: NSNumber) -> Bool {
        unsafe String(cString: number.objCType) == "c"
    }

    private func isSame(_ one: Any, _ other: Any) -> Bool {
        (one as? NSObject).map { $0.isEqual(other) } ?? false
    }
}
