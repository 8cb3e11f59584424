/// The lines of an open file, one at a time.
package struct LineReader: ~Copyable {
    private let file: File
    private var bytes: ArraySlice<UInt8> = []
    private var isAtEnd = false

    /// The lines of `file` from its position on.
    package init(_ file: consuming File) { self.file = file }

    /// The next line without its end; nil after the last.
    ///
    /// - Throws: `SystemError` with the errno.
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
            let part = try file.readPart()
            isAtEnd = part.isEmpty
            bytes += part
        }
    }
}
