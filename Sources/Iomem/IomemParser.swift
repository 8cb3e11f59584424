extension IomemTree {
    /// The tree in the bytes of a `/proc/iomem`.
    ///
    /// The indent is not looked at (the kernel clips it); the last line must be whole.
    /// - Parameters:
    ///   - bytes: the whole text.
    ///   - file: what errors call the file.
    /// - Throws: `IomemError` with the first line that is wrong, or `.zeroed` where all addresses are hidden.
    package init(parsing bytes: [UInt8], file: String) throws(IomemError) {
        var entries: [IomemEntry] = []
        var open: [AddressRange] = []
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let isLast = line.endIndex == bytes.endIndex
            if isLast && line.isEmpty { break }
            let entry: IomemEntry
            do throws(IomemError.Problem) {
                entry = try IomemLine(bytes: line).entry()
            } catch .malformed where isLast {
                throw IomemError(file: file, line: number, problem: .truncated)
            } catch {
                throw IomemError(file: file, line: number, problem: error)
            }
            // A name can be cut as well, and then it is another name.
            if isLast { throw IomemError(file: file, line: number, problem: .truncated) }
            while let parent = open.last, !parent.contains(entry.range) {
                guard entry.range.start > parent.end else {
                    throw IomemError(file: file, line: number, problem: .crossing)
                }
                open.removeLast()
            }
            open.append(entry.range)
            // Walks over the tree go down as deep as it is; a damaged text must not exhaust the stack.
            guard open.count <= deepestNesting else {
                let problem = IomemError.Problem.malformed("a range nested deeper than \(deepestNesting) levels")
                throw IomemError(file: file, line: number, problem: problem)
            }
            entries.append(entry)
        }
        guard !entries.isEmpty else { throw IomemError(file: file, line: 0, problem: .empty) }
        if entries.allSatisfy({ $0.range.end == 0 }) { throw IomemError(file: file, line: 0, problem: .zeroed) }
        self.init(inFileOrder: entries)
    }

    /// The tree in the text of a `/proc/iomem`; like the one for bytes.
    package init(parsing text: String, file: String) throws(IomemError) {
        try self.init(parsing: Array(text.utf8), file: file)
    }
}

/// How many ranges may lie inside each other; the kernel's tree has less than ten.
let deepestNesting = 64

extension IomemError.Problem: Error {}

/// One line, for example `  5d0000000-5efffffff : region0`.
private struct IomemLine {
    let bytes: ArraySlice<UInt8>

    /// The largest physical address of x86-64 and arm64 (52 bits).
    private static let lastAddress: UInt64 = (1 << 52) - 1

    func entry() throws(IomemError.Problem) -> IomemEntry {
        if let byte = bytes.first(where: { $0 < 0x20 || $0 > 0x7e }) { throw .binary(byte) }
        let space = UInt8(ascii: " ")
        let text = bytes.drop { $0 == space }
        guard let dash = text.firstIndex(of: UInt8(ascii: "-")),
            let gap = text[dash...].firstIndex(of: space),
            text[gap...].starts(with: " : ".utf8)
        else { throw malformed }
        let name = text[gap...].dropFirst(3)
        guard !name.isEmpty else { throw malformed }
        let start = try address(text[..<dash])
        let end = try address(text[dash..<gap].dropFirst())
        guard let range = AddressRange(start: start, end: end) else { throw .backwards }
        return IomemEntry(range: range, name: String(decoding: name, as: UTF8.self))
    }

    private var malformed: IomemError.Problem { .malformed(String(decoding: bytes, as: UTF8.self)) }

    private func address(_ digits: ArraySlice<UInt8>) throws(IomemError.Problem) -> UInt64 {
        guard let value = parseHexadecimal(digits) else { throw malformed }
        guard value <= Self.lastAddress else { throw .tooLarge(value) }
        return value
    }
}

/// Why a text is not a usable `/proc/iomem`.
package struct IomemError: Error, Sendable, Equatable {
    /// What is wrong with the text.
    package enum Problem: Sendable, Equatable {
        /// There is no line at all.
        case empty
        /// Every address is zero: the kernel hides them from a reader without CAP_SYS_ADMIN
        /// (`r_show()` in kernel/resource.c). Nothing can be said about such a text, so it is never a tree.
        case zeroed
        /// The text ends in the middle of a line.
        case truncated
        /// A byte that `/proc/iomem` never holds.
        case binary(UInt8)
        /// A line that is not `START-END : NAME` with hexadecimal addresses.
        case malformed(String)
        /// The end of a range lies before its start.
        case backwards
        /// An address beyond the 52 bits that physical memory can have.
        case tooLarge(UInt64)
        /// A line that crosses the edge of an earlier one; in the kernel's tree ranges are nested or apart.
        case crossing
    }

    /// The file as the person knows it, for example `/proc/iomem`.
    package var file: String
    /// The line, counted from 1; 0 where the whole file is meant.
    package var line: Int
    /// What is wrong.
    package var problem: Problem

    /// An error at a place.
    package init(file: String, line: Int, problem: Problem) {
        self.file = file
        self.line = line
        self.problem = problem
    }

    /// The file with the line, for example `/proc/iomem:12`.
    package var place: String { line > 0 ? "\(file):\(line)" : file }
}

extension IomemError: CustomStringConvertible {
    /// One sentence: the place and what is wrong.
    package var description: String {
        switch problem {
        case .empty: "\(place): the file is empty"
        case .zeroed: "\(file) shows no addresses without CAP_SYS_ADMIN"
        case .truncated: "\(place): the text ends in the middle of this line"
        case .binary(let byte): "\(place): the byte \(hexadecimal(UInt64(byte))) is not allowed in this text"
        case .malformed(let text): "\(place): \"\(text)\" is not \"START-END : NAME\" with hexadecimal addresses"
        case .backwards: "\(place): the range ends before it starts"
        case .tooLarge(let address): "\(place): \(hexadecimal(address)) is beyond the 52 bits of a physical address"
        case .crossing: "\(place): the range overlaps an earlier one only partly"
        }
    }
}
