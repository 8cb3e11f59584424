internal import FoundationEssentials
internal import Iomem
internal import LinuxSystem

/// A value of what `cxl list` and `daxctl list` print as JSON (ndctl: cxl/json.c, util/json.c).
indirect enum Listing: Decodable {
    case object([String: Listing])
    case list([Listing])
    case text(String)
    case number(UInt64)
    case bool(Bool)
    case other

    /// The value in a text; nil if it is not JSON. The tools' own complaints may stand before it, as sos collects both.
    static func parse(_ text: [UInt8]) -> Listing? {
        let lines = text.split(separator: UInt8(ascii: "\n"))
        let start = lines.first { $0.first == UInt8(ascii: "[") || $0.first == UInt8(ascii: "{") }?.startIndex
        return start.flatMap { try? Listing(json: text[$0...]) }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode([String: Listing].self) {
            self = .object(value)
        } else if let value = try? container.decode([Listing].self) {
            self = .list(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else {
            self = .other
        }
    }

    /// The member of an object; nil if it is missing.
    subscript(key: String) -> Listing? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// The elements of a list; a single value is a list of one, as the tools print it.
    var elements: [Listing] {
        switch self {
        case .list(let values): values
        case .object: [self]
        default: []
        }
    }

    var string: String? { if case .text(let text) = self { text } else { nil } }

    /// A number: as such, in hexadecimal with `0x`, or in words, as `-u` has it, if those are exact.
    var value: UInt64? {
        switch self {
        case .number(let number): number
        case .text(let text): parseNumber(text) ?? Self.size(text)
        default: nil
        }
    }

    /// `512.00 MiB (536.87 MB)` (display_size(), util/json.c), rounded to hundredths: a size that has others is not known.
    private static func size(_ text: String) -> UInt64? {
        let words = text.fields(3)
        guard words.count >= 2, let shift = ["KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40][String(words[1])] else {
            return nil
        }
        let parts = words[0].parts(at: ".")
        guard let whole = UInt64(parts.first ?? ""), parts.count == 1 || parts[1] == "00", whole < 1 << 20 else {
            return nil
        }
        return whole << UInt64(shift)
    }
}

extension StoredTree {
    /// The entry of a bus for a device at its real path.
    mutating func addDevice(_ name: String, on bus: String, at path: String) {
        add(directory: path)
        add(link: path, at: "/sys/bus/\(bus)/devices/\(name)")
    }

    /// The link of a device to its driver.
    mutating func addDriver(_ driver: String, of path: String, on bus: String) {
        add(link: "/sys/bus/\(bus)/drivers/\(driver)", at: "\(path)/driver")
    }
}
