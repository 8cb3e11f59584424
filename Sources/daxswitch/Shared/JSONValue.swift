import LinuxSystem
import SavedPlan

/// A JSON document as a value: what is missing is written as null, so the shape never varies.
indirect enum JSONValue: Encodable {
    case null
    case bool(Bool)
    case number(UInt64)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])
    /// What has a form of its own, which saved plans share.
    case form(any Encodable)

    init(_ text: String?) { self = text.map(JSONValue.text) ?? .null }
    init(_ bool: Bool?) { self = bool.map(JSONValue.bool) ?? .null }
    init(_ number: UInt64?) { self = number.map(JSONValue.number) ?? .null }
    init(_ count: Int?) { self = count.map { .number(UInt64(max(0, $0))) } ?? .null }
    init(_ texts: some Sequence<String>) { self = .list(texts.map(JSONValue.text)) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let bool): try container.encode(bool)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        case .form(let value): try container.encode(value)
        }
    }
}

extension JSONValue {
    /// The text of a document.
    var rendered: String { Self.harmless(JSONText.document(self)) }

    /// The same on one line, without a line end.
    var renderedLine: String { Self.harmless(JSONText.line(self)) }

    /// The same document with `\u009b` for a character that a terminal acts on: JSON asks for that only below U+0020.
    /// Outside of strings there is only the line end.
    private static func harmless(_ document: String) -> String {
        guard document.unicodeScalars.contains(where: { $0.isEscaped && $0 != "\n" }) else { return document }
        return document.unicodeScalars.reduce(into: "") { text, scalar in
            guard scalar.isEscaped && scalar != "\n" else { return text.unicodeScalars.append(scalar) }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
    }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral {
    init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }

    init(arrayLiteral elements: JSONValue...) { self = .list(elements) }

    init(stringLiteral value: String) { self = .text(value) }
}

/// The version of every document's schema.
let schemaVersion = PlanFile.schemaVersion

/// A document of a kind: its members, with the version of the schema.
func document(_ kind: String, _ members: [String: JSONValue]) -> JSONValue {
    .object(members.merging(["schema_version": JSONValue(schemaVersion), "kind": .text(kind)]) { _, fixed in fixed })
}

/// What is printed in place of a document that could not be made.
func errorDocument(_ failure: Failure) -> JSONValue {
    document("error", ["error": errorMember(failure)])
}

/// An error in a document.
func errorMember(_ failure: Failure) -> JSONValue {
    [
        "code": .text(failure.code), "message": .text(failure.message),
        "exit_code": .number(UInt64(failure.status.rawValue)),
    ]
}
