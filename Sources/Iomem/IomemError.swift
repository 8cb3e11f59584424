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
        case .zeroed: "\(place): every address is zero; reading the addresses needs CAP_SYS_ADMIN"
        case .truncated: "\(place): the text ends in the middle of this line"
        case .binary(let byte): "\(place): the byte \(hexadecimal(UInt64(byte))) does not belong into this text"
        case .malformed(let text): "\(place): \"\(text)\" is not \"START-END : NAME\" with hexadecimal addresses"
        case .backwards: "\(place): the end of the range lies before its start"
        case .tooLarge(let address): "\(place): \(hexadecimal(address)) is beyond the 52 bits of a physical address"
        case .crossing: "\(place): the range crosses the edge of an earlier one"
        }
    }
}
