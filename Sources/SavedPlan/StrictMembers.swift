import FoundationEssentials
import Iomem

/// A place in a document that is not as it must be.
package struct Misfit: Error {
    /// The path of the key, `request.want` or `steps[0].do`; nil for the whole document.
    package let place: String?
    /// What is wrong.
    package let message: String

    init(_ path: [any CodingKey], _ message: String) {
        let place = path.reduce(into: "") { place, key in
            if let index = key.intValue {
                place += "[\(index)]"
            } else {
                place += place.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        self.place = place.isEmpty ? nil : place
        self.message = message
    }

    /// What a decoder found.
    package init(_ error: any Error) {
        switch error {
        case let misfit as Misfit: self = misfit
        case DecodingError.keyNotFound(let key, let context):
            self.init(context.codingPath + [key], "this key is missing")
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            self.init(context.codingPath, "wrong type")
        case DecodingError.dataCorrupted(let context):
            self.init(context.codingPath, "not a JSON document")
        default: self.init([], "\(error)")
        }
    }
}

extension Misfit: CustomStringConvertible {
    /// `KEY: what is wrong`.
    package var description: String { [place, message].compactMap(\.self).joined(separator: ": ") }
}

/// The members of an object that has each of `Key`, but for optional ones, and no others. A member may be null, but not missing.
struct StrictMembers<Key: CodingKey & CaseIterable> {
    private let members: KeyedDecodingContainer<Key>

    /// - Throws: `Misfit` for a key that is unknown or missing, `DecodingError` if there is no object.
    init(_ decoder: any Decoder, optional: [Key] = []) throws {
        members = try decoder.container(keyedBy: Key.self)
        let names = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        let known = Set(Key.allCases.map(\.stringValue))
        // A name that was misspelled is both unknown and missing: the one that is there says more.
        if let name = names.filter({ !known.contains($0) }).sorted().first {
            throw Misfit(decoder.codingPath + [AnyKey(stringValue: name)], "unknown key")
        }
        let needed = known.subtracting(optional.map(\.stringValue)).subtracting(names)
        if let name = needed.sorted().first {
            throw Misfit(decoder.codingPath + [AnyKey(stringValue: name)], "this key is missing")
        }
    }

    /// Whether a member is there.
    func has(_ key: Key) -> Bool { members.contains(key) }

    /// The value of a member; null only if its type is optional.
    func value<Value: Decodable>(_ key: Key) throws -> Value {
        do {
            return try members.decode(Value.self, forKey: key)
        } catch {
            // For a number that its type can't hold, JSONDecoder has an error of its own here, and tells no place in the end.
            throw error is Misfit || error is DecodingError ? error : misfit(key, "wrong type")
        }
    }

    /// The value that a member spells as a word.
    func word<Value: RawRepresentable<String>>(_ key: Key) throws -> Value {
        let word: Word<Value> = try value(key)
        return word.value
    }

    /// The value that a member spells as a word; nil if it is null.
    func word<Value: RawRepresentable<String>>(_ key: Key) throws -> Value? {
        let word: Word<Value>? = try value(key)
        return word?.value
    }

    /// A member that is an object with members of its own.
    func members<Inner>(
        _ key: Key,
        _ keys: Inner.Type = Inner.self,
        optional: [Inner] = []
    ) throws -> StrictMembers<Inner> {
        try StrictMembers<Inner>(try members.superDecoder(forKey: key), optional: optional)
    }

    /// Looks that a member says what follows from the others.
    func check<Value: Decodable & Equatable>(_ key: Key, is expected: Value) throws {
        let found: Value = try value(key)
        if found != expected { throw misfit(key, "it does not match the rest of the document") }
    }

    /// What is wrong with a member.
    func misfit(_ key: Key, _ message: String) -> Misfit { Misfit(members.codingPath + [key], message) }

    /// What is wrong with the entry of that name in a member.
    func misfit(_ key: Key, _ entry: String, _ message: String) -> Misfit {
        Misfit(members.codingPath + [key, AnyKey(stringValue: entry)], message)
    }

    /// What is wrong with the element at `index` of a member.
    func misfit(_ key: Key, _ index: Int, _ message: String) -> Misfit {
        Misfit(members.codingPath + [key, AnyKey(intValue: index)], message)
    }

    /// Hexadecimal digits in lower case, `count` of them, or any number but none if that is nil; nil if the member is null.
    func digits(_ key: Key, after prefix: String = "", count: Int? = nil) throws -> String? {
        guard let text: String = try value(key) else { return nil }
        let digits = text.utf8.dropFirst(prefix.utf8.count)
        guard text.hasPrefix(prefix), count.map({ $0 == digits.count }) ?? !digits.isEmpty,
            digits.allSatisfy("0123456789abcdef".utf8.contains)
        else { throw misfit(key, "\"\(text)\" is not a known value") }
        return String(Substring(digits))
    }
}

/// A key of any name.
private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}

/// A value whose raw value is its word in documents.
package struct Word<Value: RawRepresentable<String>>: Codable {
    /// The value.
    package let value: Value

    /// A word for `value`.
    package init(_ value: Value) { self.value = value }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Value(rawValue: text) else {
            throw Misfit(decoder.codingPath, "\"\(text)\" is not a known value")
        }
        self.value = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value.rawValue)
    }
}

extension Sequence where Element: RawRepresentable<String> {
    /// The words of the values, sorted.
    var words: [String] { map(\.rawValue).sorted() }
}

/// Keys of an object that is about bytes: `start` and `end`, inclusive, and `size`, which follows from them.
protocol RangeKeys: CodingKey {
    static var start: Self { get }
    static var end: Self { get }
    static var size: Self { get }
}

extension StrictMembers where Key: RangeKeys {
    /// The bytes; nil if all three members are null.
    func rangeIfAny() throws -> AddressRange? {
        let first = try digits(.start, after: "0x")
        let last = try digits(.end, after: "0x")
        guard first != nil || last != nil else {
            try check(.size, is: UInt64?.none)
            return nil
        }
        guard let first, let last else { throw misfit(first == nil ? .start : .end, "wrong type") }
        guard let start = UInt64(first, radix: 16), let end = UInt64(last, radix: 16),
            let range = AddressRange(start: start, end: end)
        else { throw misfit(.start, "0x\(first)-0x\(last) is not an address range") }
        try check(.size, is: range.size)
        return range
    }

    /// The bytes.
    func range() throws -> AddressRange {
        guard let range = try rangeIfAny() else { throw misfit(.start, "wrong type") }
        return range
    }
}

extension KeyedEncodingContainer where Key: RangeKeys {
    /// Writes the bytes; nulls if there are no bytes.
    mutating func encode(range: AddressRange?) throws {
        try encode(range.map { hexadecimal($0.start) }, forKey: .start)
        try encode(range.map { hexadecimal($0.end) }, forKey: .end)
        try encode(range.map(\.size), forKey: .size)
    }
}
