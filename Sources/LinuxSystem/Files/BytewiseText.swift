// Text from outside, split by bytes. Swift compares characters: "\r\n" is one Character, and so is a space with an accent
// behind it. Whoever chooses a file's name could so hide a line or a word from a split by Character.

//
// Of `String` and `Substring`, not of any `StringProtocol`: there `Substring(self)` copies character by character, and text is
// split in every part of a reading.

extension Substring {
    /// The parts between the bytes `separator`, which is ASCII; without empty ones unless they are kept.
    package func parts(
        at separator: Unicode.Scalar,
        maxSplits: Int = .max,
        keepingEmpty: Bool = false
    ) -> [Substring] {
        let separator = UInt8(ascii: separator)
        let bytes = utf8.span
        var parts: [Substring] = []
        var start = 0
        var place = 0
        while place < bytes.count, parts.count < maxSplits {
            if bytes[place] == separator {
                if keepingEmpty || start != place { parts.append(part(start..<place)) }
                start = place + 1
            }
            place += 1
        }
        if keepingEmpty || start != bytes.count { parts.append(part(start..<bytes.count)) }
        return parts
    }

    /// The bytes at these places, which begin and end with a character of Unicode.
    private func part(_ places: Range<Int>) -> Substring {
        let start = utf8.index(startIndex, offsetBy: places.lowerBound)
        return Substring(utf8[start..<utf8.index(start, offsetBy: places.count)])
    }

    /// The lines that are not empty, without their ends.
    package var lines: [Substring] { parts(at: "\n") }

    /// What stands between spaces; `count` at most, the last with all that is left.
    package func fields(_ count: Int = .max) -> [Substring] { parts(at: " ", maxSplits: count - 1) }

    /// Without the ASCII white space and the NUL bytes around it.
    package var trimmed: String {
        guard let start = utf8.firstIndex(where: { !isBlank($0) }), let last = utf8.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(self[start...last])
    }

    /// Whether the first bytes are those of `prefix`. Another character than its last may begin in the bytes behind it.
    package func startsWithBytes(of prefix: String) -> Bool {
        let bytes = utf8.span
        let wanted = prefix.utf8.span
        return wanted.count <= bytes.count && wanted.indices.allSatisfy { bytes[$0] == wanted[$0] }
    }
}

extension String {
    /// The parts between the bytes `separator`, which is ASCII; without empty ones unless they are kept.
    package func parts(
        at separator: Unicode.Scalar,
        maxSplits: Int = .max,
        keepingEmpty: Bool = false
    ) -> [Substring] {
        self[...].parts(at: separator, maxSplits: maxSplits, keepingEmpty: keepingEmpty)
    }

    /// The lines that are not empty, without their ends.
    package var lines: [Substring] { self[...].lines }

    /// What stands between spaces; `count` at most, the last with all that is left.
    package func fields(_ count: Int = .max) -> [Substring] { self[...].fields(count) }

    /// Without the ASCII white space and the NUL bytes around it.
    package var trimmed: String { self[...].trimmed }

    /// Whether the first bytes are those of `prefix`. Another character than its last may begin in the bytes behind it.
    package func startsWithBytes(of prefix: String) -> Bool { self[...].startsWithBytes(of: prefix) }
}

/// ASCII white space, and NUL.
private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0d ~= byte || byte == 0 }

extension [UInt8] {
    /// The lines in which one of `words` stands, in their order; the last gets an end if it has none. An empty word stands
    /// nowhere. In one pass, since such files have megabytes.
    package func lines(holding words: [String]) -> [UInt8] {
        let words = words.map { Array($0.utf8) }
        var initials = [Bool](repeating: false, count: 256)
        for first in words.compactMap(\.first) { initials[Int(first)] = true }
        var lines: [UInt8] = []
        var start = 0
        var isWanted = false
        for place in indices {
            if self[place] == UInt8(ascii: "\n") {
                if isWanted { lines += self[start...place] }
                start = place + 1
                isWanted = false
            } else if !isWanted, initials[Int(self[place])] {
                isWanted = words.contains { self[place...].starts(with: $0) }
            }
        }
        return isWanted ? lines + self[start...] + [UInt8(ascii: "\n")] : lines
    }

    /// The first line without the ASCII white space and the NUL bytes around it. Bytes that are no UTF-8 become U+FFFD.
    package var firstLine: String {
        let line = self[..<(firstIndex(of: UInt8(ascii: "\n")) ?? endIndex)]
        guard let start = line.firstIndex(where: { !isBlank($0) }),
            let last = line.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: line[start...last], as: UTF8.self)
    }
}
