import TestCaptures

/// Changes to an input, of the kinds on which parsers break.
struct Mutator {
    private var random: SplitMix
    /// Inputs to take pieces from.
    private let corpus: [[UInt8]]

    /// No input grows beyond this many bytes. Few are long: in the time for a long one, hundreds of short ones find more.
    private let limit: Int

    init(random: SplitMix, corpus: [[UInt8]]) {
        var random = random
        limit = random.once(in: 100) ? 256 << 10 : 8 << 10
        self.random = random
        self.corpus = corpus
    }

    /// Numbers at the edges of what parsers count with, in the bases that the kernel prints.
    private static let edges = [
        "0", "00", "-1", "+1", "-0", "0x", "0x0", "1e309", "1e-400", "08", "0b1", "١٢", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "7fffffffffffffff", "0x7fffffffffffffff", "8000000000000000", "ffffffffffffffff",
        "0xffffffffffffffff", "0x10000000000000000", "0xfffffffffffff", "0x10000000000000", "fffffffffffff",
        "4294967295", "4294967296", "99999999999999999999999999999999999999", "512", "1", "2", "00000000", "16E", "17E",
    ]

    /// Pieces of the grammars, and characters that are not one byte, not one scalar, or not text at all.
    private static let pieces: [[UInt8]] =
        [
            "\n", "\r\n", "\0", "\t", " ", "-", " : ", ":", ",", "+", "%", "[", "]", "{", "}", "[[", "\"", "\"\"\"",
            "'''",
            "=", "#", ".", "/", "\\", "\\u0000", "\\ud800", "null", "true", "inf", "nan", "1979-05-27T07:32:00Z", "é",
            "e\u{301}",
            "5\u{301}", "\u{feff}", "\u{1f468}\u{200d}\u{1f469}", "CXL Window 0", "region0", "Soft Reserved", "pre:",
            "softdep", "memmap=", "] soft reserved", "<6>", "[    0.000000] ",
        ].map { Array($0.utf8) } + [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x80]]

    /// A changed copy of `input`: mostly one to four changes, now and then many.
    mutating func mutated(_ input: [UInt8]) -> [UInt8] {
        var bytes = input
        let rounds = random.once(in: 16) ? 32 : 1 + random.below(4)
        for _ in 0..<rounds { change(&bytes) }
        return Array(bytes.prefix(limit))
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = random.pick(corpus) ?? []
            return
        }
        switch random.below(11) {
        case 0: bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
        case 1: bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.removeLast(1 + random.below(bytes.count))
        case 3: bytes.removeSubrange(piece(of: bytes))
        case 4: bytes.insert(contentsOf: bytes[piece(of: bytes)], at: random.below(bytes.count))
        case 5: splice(&bytes)
        case 6: number(&bytes)
        case 7: bytes.insert(contentsOf: random.pick(Self.pieces) ?? [], at: random.below(bytes.count + 1))
        case 8: lines(&bytes)
        case 9: integer(&bytes)
        default: repeated(&bytes)
        }
    }

    private mutating func piece(of bytes: [UInt8]) -> Range<Int> {
        let start = random.below(bytes.count)
        let longest = min(bytes.count - start, random.once(in: 4) ? 4096 : 16)
        return start..<start + 1 + random.below(longest)
    }

    /// A piece of another input in place of a piece of this one.
    private mutating func splice(_ bytes: inout [UInt8]) {
        guard let other = random.pick(corpus), !other.isEmpty else { return }
        let source = piece(of: other)
        bytes.replaceSubrange(piece(of: bytes), with: other[source])
    }

    /// An edge in place of a number that is there.
    private mutating func number(_ bytes: inout [UInt8]) {
        func isDigit(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || byte == UInt8(ascii: "x")
        }
        let from = random.below(bytes.count)
        guard let start = bytes[from...].firstIndex(where: { (0x30...0x39).contains($0) }) else { return }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Array((random.pick(Self.edges) ?? "").utf8))
    }

    /// A line twice, often, elsewhere, or gone.
    private mutating func lines(_ bytes: inout [UInt8]) {
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        let index = random.below(lines.count)
        let line = lines[index]
        switch random.below(4) {
        case 0: lines.insert(line, at: random.below(lines.count))
        case 1: lines.remove(at: index)
        case 2: lines.swapAt(index, random.below(lines.count))
        default:
            let count = min(1 << random.below(14), limit / (line.count + 1))
            lines.insert(contentsOf: repeatElement(line, count: count), at: index)
        }
        bytes = Array(lines.joined(separator: [0x0a]))
    }

    /// A binary number of 1 to 8 bytes with an edge value: lengths and counts of tables.
    private mutating func integer(_ bytes: inout [UInt8]) {
        let width = 1 << random.below(4)
        guard bytes.count >= width else { return }
        let offset = random.below(bytes.count - width + 1)
        let values: [UInt64] = [0, 1, UInt64.max, UInt64.max >> 1, 1 << 63, 0xff, 0x7fff, 1 << 52, 36, 40]
        let value = random.pick(values) ?? 0
        for index in 0..<width { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }

    /// One piece over and over: depth and length.
    private mutating func repeated(_ bytes: inout [UInt8]) {
        let unit = random.once(in: 2) ? Array(bytes[piece(of: bytes)]) : random.pick(Self.pieces) ?? []
        guard !unit.isEmpty else { return }
        let count = min(1 << random.below(15), limit / unit.count)
        bytes.insert(contentsOf: Array(repeatElement(unit, count: count).joined()), at: random.below(bytes.count))
    }
}
