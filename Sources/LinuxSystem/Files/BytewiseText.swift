// Text from outside, split by bytes. Swift compares characters: "\r\n" is one Character, and so is a space with an accent
// behind it. Whoever chooses a file's name could so hide a line or a word from a split by Character.

extension StringProtocol {
    /// The parts between the bytes `separator`, which is ASCII; without empty ones unless they are kept.
    package func parts(
        at separator: Unicode.Scalar,
        maxSplits: Int = .max,
        keepingEmpty: Bool = false
    ) -> [Substring] {
        let byte = UInt8(ascii: separator)
        return Substring(self).utf8.split(
            separator: byte,
            maxSplits: maxSplits,
            omittingEmptySubsequences: !keepingEmpty
        ).map { Substring($0) }
    }

    /// The lines that are not empty, without their ends.
    package var lines: [Substring] { parts(at: "\n") }

    /// What stands between spaces; `count` at most, the last with all that is left.
    package func fields(_ count: Int = .max) -> [Substring] { parts(at: " ", maxSplits: count - 1) }

    /// Without the ASCII white space and the NUL bytes around it.
    package var trimmed: String {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0d ~= byte || byte == 0 }
        let start = Substring(self).utf8.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(Substring(start[...last]))
    }
}
