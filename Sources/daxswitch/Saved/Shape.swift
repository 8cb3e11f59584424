/// What a part of a JSON document must be, in the words of JSON Schema that ours use.
indirect enum Shape: Sendable {
    /// An object that has each of these members, may have the `optional` ones, and has no others.
    case members([String: Shape], optional: [String: Shape] = [:])
    /// An object whose members may have any name.
    case map(Shape)
    case list(Shape)
    case text
    /// Digits in lower case behind a prefix; any number of them, but one at least, where `count` is nil.
    case hexadecimal(prefix: String, count: Int?)
    case word([String])
    case truth
    /// An integer from 0 on.
    case count
    case constant(UInt64)
    case orNull(Shape)

    /// A place in a document that is not as it must be.
    struct Problem: Error, Equatable {
        /// The path of the key, `request.want` or `steps[0].do`; empty for the whole document.
        let place: String
        let message: String
    }

    /// - Throws: `Problem`, the first that there is.
    func check(_ value: JSONValue, at place: String = "") throws(Problem) {
        switch (self, value) {
        case (.orNull, .null), (.text, .text), (.truth, .bool), (.count, .number): return
        case (.orNull(let shape), _): try shape.check(value, at: place)
        case (.members(let needed, let optional), .object(let members)):
            try Self.checkNames(of: members, needed, optional, at: place)
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                try (needed[name] ?? optional[name])?.check(member, at: Self.path(place, name))
            }
        case (.map(let shape), .object(let members)):
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                try shape.check(member, at: Self.path(place, name))
            }
        case (.list(let shape), .list(let values)):
            for (index, value) in values.enumerated() { try shape.check(value, at: "\(place)[\(index)]") }
        case (.hexadecimal(let prefix, let count), .text(let text)):
            let digits = text.utf8.dropFirst(prefix.utf8.count)
            guard text.hasPrefix(prefix), count.map({ $0 == digits.count }) ?? !digits.isEmpty,
                digits.allSatisfy(Self.digits.contains)
            else { throw Problem(place: place, message: "\"\(text)\" is not understood") }
        case (.word(let words), .text(let text)):
            if !words.contains(text) { throw Problem(place: place, message: "\"\(text)\" is not understood") }
        case (.constant(let number), .number(let found)):
            if number != found { throw Problem(place: place, message: "\(found) is not understood") }
        default: throw Problem(place: place, message: "wrong type")
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func checkNames(
        of members: [String: JSONValue],
        _ needed: [String: Shape],
        _ optional: [String: Shape],
        at place: String
    ) throws(Problem) {
        // A name that was misspelled is both unknown and missing: what is there says more.
        if let name = members.keys.sorted().first(where: { needed[$0] == nil && optional[$0] == nil }) {
            throw Problem(place: path(place, name), message: "unknown key")
        }
        if let name = needed.keys.sorted().first(where: { members[$0] == nil }) {
            throw Problem(place: path(place, name), message: "this key is missing")
        }
    }

    private static func path(_ place: String, _ name: String) -> String {
        place.isEmpty ? name : "\(place).\(name)"
    }
}
