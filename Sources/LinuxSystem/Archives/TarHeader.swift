// What stands in the headers of a tar archive.
extension TarReader {
    static func field(_ header: ArraySlice<UInt8>, _ start: Int, _ count: Int) -> ArraySlice<UInt8> {
        header.dropFirst(start).prefix(count)
    }

    static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// ustar puts the directories of a long path apart; GNU's old headers have times there.
    static func path(_ header: ArraySlice<UInt8>) -> String {
        let name = text(field(header, 0, 100))
        guard field(header, 257, 6).elementsEqual("ustar\0".utf8) else { return name }
        let prefix = text(field(header, 345, 155))
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    /// Octal digits between blanks or, for large numbers, the bytes of the number behind one with the highest bit.
    static func number(_ header: ArraySlice<UInt8>, _ start: Int, _ count: Int) -> Int? {
        let bytes = field(header, start, count)
        if let first = bytes.first, first & 0x80 != 0 {
            let value = bytes.dropFirst()
            guard first == 0x80, value.prefix(4).allSatisfy({ $0 == 0 }), value.dropFirst(4).first ?? 0 < 0x40 else {
                return nil
            }
            return value.reduce(0) { $0 << 8 | Int($1) }
        }
        let digits = bytes.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        return digits.isEmpty ? 0 : Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    /// The sum of all bytes, with blanks in place of the sum itself.
    static func hasChecksum(_ header: ArraySlice<UInt8>) -> Bool {
        let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 0x20 : Int($1.element)) }
        return number(header, 148, 8) == sum
    }

    /// pax: `LENGTH KEY=VALUE` and a line end, where the length counts all of it.
    static func records(_ bytes: [UInt8]) -> [String: String]? {
        var records: [String: String] = [:]
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), length <= rest.count,
                length > digits.count + 1
            else { return nil }
            let record = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            records[String(decoding: record[..<equals], as: UTF8.self)] = text(record[equals...].dropFirst())
            rest = rest.dropFirst(length)
        }
        return records
    }
}
