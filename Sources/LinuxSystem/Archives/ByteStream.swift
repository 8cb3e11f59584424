internal import Glibc

/// Bytes that come one part after the other, so a large file never has to be in memory as a whole.
package protocol ByteStream: AnyObject {
    /// The next bytes; none at the end.
    ///
    /// - Throws: `SystemError`; also at the end if what gives the bytes ended badly.
    func next() throws(SystemError) -> [UInt8]
}

/// The bytes of an open file.
package final class FileStream: ByteStream {
    private let file: File

    /// The bytes of `file` from its position on.
    package init(_ file: consuming File) { self.file = file }

    package func next() throws(SystemError) -> [UInt8] { try file.readPart() }
}

/// Bytes that are in memory, and another stream behind them.
package final class ResumedStream: ByteStream {
    private var first: [UInt8]
    private let rest: (any ByteStream)?

    /// `first`, then what `rest` gives.
    package init(_ first: [UInt8], then rest: (any ByteStream)? = nil) {
        self.first = first
        self.rest = rest
    }

    package func next() throws(SystemError) -> [UInt8] {
        if first.isEmpty { return try rest?.next() ?? [] }
        defer { first = [] }
        return first
    }
}

extension ByteStream {
    /// At least `count` bytes from the start of the stream, if it has so many.
    package func head(_ count: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let part = try next()
            if part.isEmpty { break }
            bytes += part
        }
        return bytes
    }
}
