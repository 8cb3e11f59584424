extension IomemTree {
    /// The tree in the bytes of a `/proc/iomem`; each byte is looked at once.
    ///
    /// The indent is not looked at (the kernel clips it); the last line must be whole.
    /// - Parameters:
    ///   - bytes: the whole text.
    ///   - file: what errors call the file.
    /// - Throws: `IomemError` with the first line that is wrong, or `.zeroed` where all addresses are hidden.
    package init(parsing bytes: [UInt8], file: String) throws(IomemError) {
        var builder = Builder()
        var hasAddresses = false
        var number = 0
        var lines = IomemLines(bytes)
        while lines.hasNext {
            number += 1
            let entry: IomemEntry
            do throws(IomemError.Problem) {
                entry = try lines.entry()
                while let parent = builder.innermost, !parent.contains(entry.range) {
                    guard entry.range.start > parent.end else { throw .crossing }
                    builder.close()
                }
                // Walks over the tree go down as deep as it is; a damaged text must not exhaust the stack.
                guard builder.depth < deepestNesting else {
                    throw .malformed("a range nested deeper than \(deepestNesting) levels")
                }
            } catch {
                throw IomemError(file: file, line: number, problem: error)
            }
            builder.open(entry)
            hasAddresses = hasAddresses || entry.range.end != 0
        }
        guard number > 0 else { throw IomemError(file: file, line: 0, problem: .empty) }
        guard hasAddresses else { throw IomemError(file: file, line: 0, problem: .zeroed) }
        self.init(builder)
    }

    /// The tree in the text of a `/proc/iomem`; like the one for bytes.
    package init(parsing text: String, file: String) throws(IomemError) {
        try self.init(parsing: Array(text.utf8), file: file)
    }
}

/// How many ranges may lie inside each other; the kernel's tree has less than ten.
let deepestNesting = 64

extension IomemError.Problem: Error {}

/// Lines like `  5d0000000-5efffffff : region0`, read one after the other.
private struct IomemLines {
    private let bytes: [UInt8]
    /// Where the line begins.
    private var start = 0
    /// The byte that is looked at next; behind the line once it was read.
    private var next = 0

    /// The largest physical address of x86-64 and arm64 (52 bits).
    private static let lastAddress: UInt64 = (1 << 52) - 1
    private static let newline = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var hasNext: Bool { next < bytes.count }

    /// The resource of the next line, without children.
    mutating func entry() throws(IomemError.Problem) -> IomemEntry {
        start = next
        do throws(IomemError.Problem) { return try form() } catch { throw whole(error) }
    }

    private mutating func form() throws(IomemError.Problem) -> IomemEntry {
        while next < bytes.count, bytes[next] == Self.space { next += 1 }
        let first = try digits()
        try skip(UInt8(ascii: "-"))
        let last = try digits()
        try skip(Self.space)
        try skip(UInt8(ascii: ":"))
        try skip(Self.space)
        let name = next
        while next < bytes.count, Self.isText(bytes[next]) { next += 1 }
        // A name can be cut as well as an address, and then it is another name: the line must end.
        let end = next
        guard end > name else { throw .malformed("") }
        try skip(Self.newline)
        for address in [first, last] where address > Self.lastAddress { throw .tooLarge(address) }
        guard let range = AddressRange(start: first, end: last) else { throw .backwards }
        return IomemEntry(range: range, name: String(decoding: bytes[name..<end], as: UTF8.self))
    }

    /// A hexadecimal number that fits 64 bits.
    private mutating func digits() throws(IomemError.Problem) -> UInt64 {
        var number: UInt64 = 0
        let first = next
        while next < bytes.count, let digit = Self.digit(bytes[next]) {
            guard number >> 60 == 0 else { throw .malformed("") }
            number = number << 4 | digit
            next += 1
        }
        guard next > first else { throw .malformed("") }
        return number
    }

    private mutating func skip(_ byte: UInt8) throws(IomemError.Problem) {
        guard next < bytes.count, bytes[next] == byte else { throw .malformed("") }
        next += 1
    }

    @inline(__always)
    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x61...0x66: UInt64(byte - 0x61 + 10)
        case 0x41...0x46: UInt64(byte - 0x41 + 10)
        default: nil
        }
    }

    private static func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte <= 0x7e }

    /// `problem` as it shows in the whole line: bytes that are no text come first, and a line that is cut can't have its form.
    private func whole(_ problem: IomemError.Problem) -> IomemError.Problem {
        let line = bytes[start...].prefix { $0 != Self.newline }
        if let byte = line.first(where: { !Self.isText($0) }) { return .binary(byte) }
        guard case .malformed = problem else { return problem }
        return line.endIndex == bytes.endIndex ? .truncated : .malformed(String(decoding: line, as: UTF8.self))
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
