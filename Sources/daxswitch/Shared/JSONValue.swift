import FoundationEssentials

/// A JSON document as a value: what is missing is written as null, so that the shape never varies.
indirect enum JSONValue: Equatable, Encodable {
    case null
    case bool(Bool)
    case number(UInt64)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

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
        }
    }

    /// The text, with sorted keys and a line end.
    var rendered: String { text([.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]) + "\n" }

    /// The same on one line, without a line end.
    var renderedLine: String { text([.sortedKeys, .withoutEscapingSlashes]) }

    private func text(_ formatting: JSONEncoder.OutputFormatting) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        // Every case encodes; without a floating point number there is nothing that JSON can't say.
        guard let data = try? encoder.encode(self) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }

    /// An object with one member more.
    func adding(_ name: String, _ value: JSONValue) -> JSONValue {
        guard case .object(var members) = self else { return self }
        members[name] = value
        return .object(members)
    }
}

extension JSONValue: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// - Throws: `DecodingError`, also for a number that is no integer from 0 on: no document of ours has one.
    init(from decoder: any Decoder) throws {
        if let members = try? decoder.container(keyedBy: Name.self) {
            self = .object(
                try members.allKeys.reduce(into: [:]) { object, name in
                    object[name.stringValue] = try members.decode(JSONValue.self, forKey: name)
                }
            )
        } else if var values = try? decoder.unkeyedContainer() {
            var list: [JSONValue] = []
            while !values.isAtEnd { list.append(try values.decode(JSONValue.self)) }
            self = .list(list)
        } else {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if let text = try? value.decode(String.self) {
                self = .text(text)
            } else if let bool = try? value.decode(Bool.self) {
                self = .bool(bool)
            } else if let number = try? value.decode(UInt64.self) {
                self = .number(number)
            } else {
                let context = DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "a number")
                throw DecodingError.typeMismatch(UInt64.self, context)
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
let schemaVersion = 1

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
