internal import Glibc

/// Whole text files that a person names.
package enum TextFile {
    /// Why an open file is not to be acted on; nil if it is.
    package typealias Distrust = @Sendable (_ file: borrowing File) -> String?

    /// The UTF-8 text of the file at `path`, opened once: what `distrust` has looked at is what is read.
    ///
    /// A FIFO or a device is no text: its reader would wait for a writer, or never see an end.
    /// - Parameter limit: The largest file that is read, in bytes; a log given by mistake must not fill the memory.
    /// - Throws: `SystemError` with the errno; `.notTrusted` with what `distrust` said, `.unusable` if the file is larger, not
    ///   a regular one or not UTF-8 text.
    package static func read(
        _ path: String,
        upTo limit: Int,
        distrust: Distrust = { _ in nil }
    ) throws(SystemError) -> String {
        let file = try File.readingRegular(path)
        if let why = distrust(file) { throw SystemError(.notTrusted, "\(path) can't be trusted", cause: why) }
        // The part of a text that was read may well be another text.
        guard let text = String(validating: try file.readAll(upTo: limit), as: UTF8.self) else {
            throw SystemError(.unusable, "can't read \(path)", cause: "it is not UTF-8 text")
        }
        return text
    }
}

/// The lines of an open file, one at a time.
package struct LineReader: ~Copyable {
    private let file: File
    private var bytes: ArraySlice<UInt8> = []
    private var isAtEnd = false

    /// The longest line, in bytes: no path that the kernel takes is longer than 4096 (PATH_MAX).
    private static let lineLimit = 64 << 10

    /// The lines of `file` from its position on.
    package init(_ file: consuming File) { self.file = file }

    /// Whether the next line is there without reading.
    package var hasLine: Bool { isAtEnd || bytes.contains(UInt8(ascii: "\n")) }

    /// The next line without its end; nil after the last.
    ///
    /// - Throws: `SystemError` with the errno; `.unusable` if a line is longer than 64 KiB, as in a device that never ends.
    package mutating func next() throws(SystemError) -> String? {
        while true {
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                defer { bytes = bytes[(end + 1)...] }
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            if isAtEnd {
                defer { bytes = [] }
                return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
            }
            guard bytes.count <= Self.lineLimit else {
                throw SystemError(.unusable, "can't read \(file.path)", cause: "a line is longer than 64 KiB")
            }
            let part = try file.readPart()
            isAtEnd = part.isEmpty
            bytes += part
        }
    }
}
