package import Glibc

/// An open file that is closed with its owner.
package struct File: ~Copyable {
    /// Its number, for calls that this type lacks.
    package let descriptor: Int32
    /// Its name in errors.
    package let path: String

    /// Opens `path`; `mode` is that of a file which is made. A link at its end is followed only if asked for.
    ///
    /// - Throws: `SystemError` with the errno.
    package init(_ path: String, _ flags: Int32, mode: mode_t = 0o644, follows: Bool = false) throws(SystemError) {
        self.path = path
        descriptor = unsafe open(path, flags | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW), mode)
        if descriptor < 0 { throw .failing("open \(path)") }
    }

    /// Opens the regular file at `path` for reading, links followed. A FIFO is not waited for.
    ///
    /// - Throws: `SystemError` with the errno; `.unusable` if it is a FIFO, a device or a socket.
    package static func readingRegular(_ path: String) throws(SystemError) -> File {
        let file = try File(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, follows: true)
        // Reading a directory has an errno of its own.
        guard [.regular, .directory].contains(try file.status().kind) else {
            throw SystemError(.unusable, "can't read \(path)", cause: "it is not a regular file")
        }
        return file
    }

    /// Takes over an open descriptor.
    package init(owning descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// What is open as `descriptor`; it and the copy share their position.
    ///
    /// - Throws: `SystemError` with the errno.
    package init(copying descriptor: Int32) throws(SystemError) {
        path = "file descriptor \(descriptor)"
        self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if self.descriptor < 0 { throw .failing("open \(path)") }
    }

    deinit { close(descriptor) }

    /// Whether something is at `path`, links followed.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// What the symbolic link at `path` says; nil if no link is there.
    package static func linkTarget(_ path: String) -> String? { linkTarget(path, below: AT_FDCWD) }

    /// The same, where `path` is relative to an open directory; the empty path is the link itself, opened with O_PATH.
    static func linkTarget(_ path: String, below directory: Int32) -> String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = unsafe readlinkat(directory, path, start, buffer.count)
            guard count > 0 else { return nil }
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
            return unsafe String(decoding: bytes, as: UTF8.self)
        }
    }

    /// What the kernel holds about the file.
    ///
    /// - Throws: `SystemError` with the errno.
    package func status() throws(SystemError) -> FileStatus { try FileStatus(of: self) }

    /// What tells that a file is read to its end, without one more call that gives nothing.
    enum End {
        /// Nothing else: a part without bytes.
        case emptyPart
        /// A part with fewer bytes than this.
        case partBelow(Int)
        /// This many bytes, which a file of a file system on disk says that it has; a file that says 0 may have more.
        case size(Int)
    }

    /// All bytes from the file's position to its end, whatever size it claims: those of `/proc` and `/sys` claim 0 or 4096.
    ///
    /// - Throws: `SystemError` with the errno; `.unusable` if the file has more bytes than `limit`, 64 MiB unless given.
    package func readAll(upTo limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        try readAll(upTo: limit, until: .emptyPart)
    }

    /// The same with another `end`.
    func readAll(upTo limit: Int, until end: End) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part = try readPart()
            if bytes.isEmpty { bytes = part } else { bytes += part }
            guard bytes.count <= limit else {
                throw SystemError(.unusable, "can't read \(path)", cause: "the file is larger than \(limit >> 20) MiB")
            }
            let isLast =
                switch end {
                case .emptyPart: false
                case .partBelow(let size): part.count < size
                case .size(let size): size > 0 && bytes.count == size
                }
            if part.isEmpty || isLast { return bytes }
        }
    }

    /// How many bytes one read asks for.
    private static let partSize = 64 << 10

    /// The next bytes, as many as one read gives; none at the end.
    ///
    /// - Throws: `SystemError` with the errno.
    package func readPart() throws(SystemError) -> [UInt8] {
        var failure: Int32 = 0
        // Into a buffer that is given back: an attribute has a few bytes, and their array must not keep 64 KiB.
        let part = unsafe withUnsafeTemporaryAllocation(byteCount: Self.partSize, alignment: 16) { buffer in
            var count = -1
            repeat {
                count = unsafe read(descriptor, buffer.baseAddress, buffer.count)
                failure = count < 0 ? errno : 0
            } while failure == EINTR
            return unsafe [UInt8](buffer.prefix(max(count, 0)))
        }
        if failure != 0 { throw .failing("read \(path)", failure) }
        return part
    }

    /// The names in an open directory, sorted, without `.` and `..`.
    ///
    /// - Throws: `SystemError` with the errno.
    package func names() throws(SystemError) -> [String] {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .failing("list \(path)") }
        return try Self.names(closing: copy, path)
    }

    /// The same of the directory `path` that is open as `descriptor`, which is closed.
    ///
    /// - Throws: `SystemError` with the errno.
    static func names(closing descriptor: Int32, _ path: String) throws(SystemError) -> [String] {
        guard let stream = unsafe fdopendir(descriptor) else {
            let failure = SystemError.failing("list \(path)")
            close(descriptor)
            throw failure
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Writes all of `bytes` and has them on the disk before it returns.
    ///
    /// - Throws: `SystemError` with the errno.
    package func append(_ bytes: [UInt8]) throws(SystemError) {
        try write(bytes)
        if fsync(descriptor) != 0 && errno != EINVAL { throw .failing("sync \(path)") }
    }

    /// Writes all of `bytes`.
    ///
    /// - Throws: `SystemError` with the errno.
    package func write(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw .failing("write \(path)") }
            rest = rest.dropFirst(written)
        }
    }

    /// Adds a line to a file that is open for reading and appending, from its start; what stands behind the last whole line
    /// is cut off first.
    ///
    /// - Throws: `SystemError` with the errno.
    package func appendWholeLine(_ line: [UInt8]) throws(SystemError) {
        let bytes = try readAll()
        let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        if whole < bytes.count && ftruncate(descriptor, off_t(whole)) != 0 { throw .failing("write \(path)") }
        try append(line)
    }
}
