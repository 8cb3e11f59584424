private import Glibc
internal import LinuxSystem

/// Why a file or directory couldn't be read.
struct FileFailure: Error {
    let cause: ErrorNumber

    /// There is no such file, which is an answer below `/proc` and `/sys`.
    var isMissing: Bool { cause.number == ENOENT || cause.number == ENOTDIR }

    /// Whatever the C library said last.
    static var last: FileFailure { FileFailure(cause: ErrorNumber(errno)) }
}

/// A whole file, however its size is reported: files below `/proc` and `/sys` claim 0 or 4096 bytes.
func fileBytes(_ path: String) throws(FileFailure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw .last }
    defer { close(descriptor) }

    var status = stat()
    let expected = unsafe fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    var bytes = [UInt8](repeating: 0, count: max(4096, expected + 1))
    var length = 0
    while true {
        if length == bytes.count { bytes.append(contentsOf: repeatElement(0, count: length)) }
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[length...])
            return unsafe read(descriptor, rest.baseAddress, rest.count)
        }
        if count < 0 {
            if errno == EINTR { continue }
            throw .last
        }
        if count == 0 { break }
        length += count
    }
    bytes.removeLast(bytes.count - length)
    return bytes
}

/// A text file without the newline at its end; nil where there is no such file.
func textIfPresent(_ path: String) throws(FileFailure) -> String? {
    do {
        var bytes = try fileBytes(path)
        while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    } catch {
        if error.isMissing { return nil }
        throw error
    }
}

/// The names in a directory, sorted; nil where there is no such directory.
func namesIfPresent(_ path: String) throws(FileFailure) -> [String]? {
    guard let directory = unsafe opendir(path) else {
        let failure = FileFailure.last
        if failure.isMissing { return nil }
        throw failure
    }
    defer { unsafe closedir(directory) }

    var names: [String] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}
