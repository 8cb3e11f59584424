/// A `/proc/iomem` as people paste it into a ticket: quoted, indented, with comments, with lines left out.
///
/// Every line that looks like one of the file's is taken. What is not understood is listed with its number: a line that is
/// passed over in silence would become a range that is not there.
package struct IomemText: Sendable {
    /// A line, or a part of one, that was not understood.
    package struct Remark: Sendable, Equatable {
        /// The number of the line, counted from 1.
        package let line: Int
        /// What was not understood.
        package let text: String
        /// Why.
        package let problem: String
    }

    /// The ranges of the lines that were understood.
    package let tree: IomemTree
    /// What was not understood, in the order of the text.
    package let remarks: [Remark]

    /// Reads a text.
    ///
    /// - Parameter file: what errors call it.
    /// - Throws: `IomemError`: `.empty` if no line is one of `/proc/iomem`, `.zeroed` if all addresses are hidden.
    package init(reading bytes: [UInt8], file: String) throws(IomemError) {
        var entries: [IomemEntry] = []
        var remarks: [Remark] = []
        var open: [(range: AddressRange, line: Int)] = []
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            func note(_ text: ArraySlice<UInt8>, _ problem: String) {
                remarks.append(Remark(line: number, text: String(decoding: text, as: UTF8.self), problem: problem))
            }
            let text = line.unquoted
            if text.isEmpty { continue }
            guard let pasted = PastedLine(text) else {
                note(text, "not a line of /proc/iomem")
                continue
            }
            guard let range = pasted.range else {
                note(text, pasted.problem)
                continue
            }
            while let parent = open.last, !parent.range.contains(range), range.start > parent.range.end {
                open.removeLast()
            }
            if let parent = open.last, !parent.range.contains(range) {
                note(text, "it overlaps the range of line \(parent.line) only partly, or is from another listing")
                continue
            }
            guard open.count < deepestNesting else {
                note(text, "it is nested deeper than \(deepestNesting) levels")
                continue
            }
            if !pasted.comment.isEmpty { note(pasted.comment, "a comment after the name") }
            open.append((range, number))
            entries.append(IomemEntry(range: range, name: pasted.name))
        }
        guard !entries.isEmpty else { throw IomemError(file: file, line: 0, problem: .empty) }
        if entries.allSatisfy({ $0.range.end == 0 }) { throw IomemError(file: file, line: 0, problem: .zeroed) }
        tree = IomemTree(inFileOrder: entries)
        self.remarks = remarks
    }
}

/// `START-END : NAME`, in whatever way it was pasted.
private struct PastedLine {
    /// The bytes of the line, inclusive; nil if the addresses are impossible.
    let range: AddressRange?
    /// Why there is no range.
    let problem: String
    let name: String
    /// What stands behind the name.
    let comment: ArraySlice<UInt8>

    /// Nil if it is not a line of `/proc/iomem`.
    init?(_ line: ArraySlice<UInt8>) {
        var text = line
        // grep puts the name of the file and the number of the line before it.
        for _ in 0..<2 where Self.addresses(text) == nil {
            // Lines around a match have dashes in place of the colons.
            let ends = [":", "-"].compactMap { text.firstIndex(of: UInt8(ascii: $0)) }
            guard let end = ends.first(where: { Self.isPrefix(text[..<$0]) }) else { return nil }
            text = text[end...].dropFirst().unquoted
        }
        guard let (start, end, rest) = Self.addresses(text) else { return nil }
        let behind = rest.drop(while: Self.isBlank)
        guard behind.first == UInt8(ascii: ":") else { return nil }
        let words = behind.dropFirst().drop(while: Self.isBlank)
        let cut = Self.endOfName(words)
        var name = words[..<cut]
        while let last = name.last, Self.isBlank(last) { name = name.dropLast() }
        guard !name.isEmpty, name.allSatisfy({ (0x20...0x7e).contains($0) }) else { return nil }
        self.name = String(decoding: name, as: UTF8.self)
        comment = words[cut...].drop(while: Self.isBlank)
        let isPhysical = max(start, end) < 1 << 52
        range = isPhysical ? AddressRange(start: start, end: end) : nil
        problem = isPhysical ? "it ends before it starts" : "it lies beyond the 52 bits of a physical address"
    }

    /// Both addresses, and what stands behind them.
    private static func addresses(
        _ text: ArraySlice<UInt8>
    ) -> (start: UInt64, end: UInt64, rest: ArraySlice<UInt8>)? {
        guard let (start, behind) = address(text), behind.first == UInt8(ascii: "-"),
            let (end, rest) = address(behind.dropFirst()), let next = rest.first,
            isBlank(next) || next == UInt8(ascii: ":")
        else { return nil }
        return (start, end, rest)
    }

    private static func address(_ text: ArraySlice<UInt8>) -> (UInt64, ArraySlice<UInt8>)? {
        let digits = text.starts(with: "0x".utf8) ? text.dropFirst(2) : text
        let number = digits.prefix { byte in
            (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
        }
        // The kernel prints eight digits at least.
        guard number.count >= 8 || text.startIndex != digits.startIndex,
            let value = UInt64(String(decoding: number, as: UTF8.self), radix: 16)
        else { return nil }
        return (value, digits[number.endIndex...])
    }

    /// A number, or a name of a file like `/proc/iomem` or `before-iomem.txt`.
    private static func isPrefix(_ text: ArraySlice<UInt8>) -> Bool {
        guard !text.isEmpty, !text.contains(where: isBlank) else { return false }
        return text.allSatisfy { (0x30...0x39).contains($0) }
            || String(decoding: text, as: UTF8.self).lowercased().contains("iomem")
    }

    /// Names have single blanks and no marks of a comment.
    private static func endOfName(_ text: ArraySlice<UInt8>) -> Int {
        let marks = ["#", "//", "<-", "<=", "<<", "->", "=>", "--"].map { Array($0.utf8) }
        return text.indices.first { index in
            guard isBlank(text[index]) else { return false }
            if text[index] == UInt8(ascii: "\t") { return true }
            let next = text[index...].dropFirst()
            guard let byte = next.first else { return true }
            return isBlank(byte) || byte >= 0x80 || marks.contains { next.starts(with: $0) }
        } ?? text.endIndex
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}

extension ArraySlice<UInt8> {
    /// Without blanks, marks of a quotation and a byte order mark at the start, and without blanks and CR at the end.
    fileprivate var unquoted: ArraySlice<UInt8> {
        let noBreak: [UInt8] = [0xc2, 0xa0]
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        var text = self
        while let first = text.first {
            if [0x20, 0x09, UInt8(ascii: ">"), UInt8(ascii: "|")].contains(first) {
                text = text.dropFirst()
            } else if text.starts(with: noBreak) {
                text = text.dropFirst(2)
            } else if text.starts(with: mark) {
                text = text.dropFirst(3)
            } else {
                break
            }
        }
        while let last = text.last, [0x20, 0x09, 0x0d].contains(last) { text = text.dropLast() }
        return text
    }
}
