import Glibc

/// The lines of a file, one at a time; `-` is standard input.
struct LineReader: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private var bytes: ArraySlice<UInt8> = []
    private var isAtEnd = false

    init(_ path: String) throws(Failure) {
        self.path = path
        descriptor = unsafe path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw Self.failure(path) }
    }

    deinit { if descriptor > STDIN_FILENO { close(descriptor) } }

    /// The next line without its end; nil after the last.
    mutating func next() throws(Failure) -> String? {
        while true {
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                defer { bytes = bytes[(end + 1)...] }
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            if isAtEnd {
                defer { bytes = [] }
                return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
            }
            try readMore()
        }
    }

    private mutating func readMore() throws(Failure) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno != EINTR { throw Self.failure(path) }
        if count == 0 { isAtEnd = true }
        bytes = bytes + buffer.prefix(max(count, 0))
    }

    private static func failure(_ path: String) -> Failure {
        Failure(.badData, code: "bad-list", "\(path) can't be read: \(errorText(errno))")
    }
}
