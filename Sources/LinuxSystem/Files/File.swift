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
    package static func linkTarget(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let target = bytes.baseAddress else { return 0 }
            return unsafe readlink(path, target.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    /// What the kernel holds about the file.
    ///
    /// - Throws: `SystemError` with the errno.
    package func status() throws(SystemError) -> FileStatus { try FileStatus(of: self) }

    /// All bytes from the file's position to its end, whatever size it claims: those of `/proc` and `/sys` claim 0 or 4096.
    ///
    /// - Throws: `SystemError` with the errno; `.unusable` if the file has more bytes than `limit`, 64 MiB unless given.
    package func readAll(upTo limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part = try readPart()
            if part.isEmpty { return bytes }
            bytes += part
            guard bytes.count <= limit else {
                throw SystemError(.unusable, "can't read \(path)", cause: "the file is larger than \(limit >> 20) MiB")
            }
        }
    }

    /// The next bytes, as many as one read gives; none at the end.
    ///
    /// - Throws: `SystemError` with the errno.
    package func readPart() throws(SystemError) -> [UInt8] {
        var failure: Int32 = 0
        let size = 64 << 10
        let part = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            var count = -1
            repeat {
                count = unsafe read(descriptor, buffer.baseAddress, size)
                failure = count < 0 ? errno : 0
            } while failure == EINTR
            filled = max(count, 0)
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
        guard let stream = unsafe fdopendir(copy) else {
            let failure = SystemError.failing("list \(path)")
            close(copy)
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
