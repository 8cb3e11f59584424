internal import CSystem
internal import Glibc

/// A file of lines to which several processes may append; when it has grown, it becomes the one with `.1` behind its name.
public struct LineLog {
    private let path: String
    private let sizeLimit: Int

    /// - Parameter sizeLimit: The size in bytes from which on the next line begins a new file.
    public init(_ path: String, sizeLimit: Int) {
        self.path = path
        self.sizeLimit = sizeLimit
    }

    /// Appends a line, on the disk before it returns; mode 0644, the directories above are made.
    ///
    /// - Throws: `ReloadError` `.notPermitted` or `.unavailable`; the file is then as it was.
    public func append(_ line: String) throws(ReloadError) {
        try StateDirectory.makeParents(of: path)
        let lock = try File(directory, O_RDONLY | O_DIRECTORY)
        if flock(lock.descriptor, LOCK_EX) != 0 { throw .failing("lock \(directory)") }
        try rotate()
        let file = try File(path, O_RDWR | O_CREAT | O_APPEND)
        _ = fchmod(file.descriptor, 0o644)
        let size = lseek(file.descriptor, 0, SEEK_END)
        // A line that a crash cut off stays a line of its own.
        let start = try endsInLine(file, size: size) ? "" : "\n"
        do throws(ReloadError) {
            try file.append(Array("\(start)\(line)\n".utf8))
        } catch {
            _ = ftruncate(file.descriptor, size)
            throw error
        }
        withExtendedLifetime(lock) {}
    }

    private var directory: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

    private func rotate() throws(ReloadError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size >= sizeLimit else {
            return
        }
        if unsafe rename(path, "\(path).1") != 0 { throw .failing("rename \(path)") }
    }

    private func endsInLine(_ file: borrowing File, size: off_t) throws(ReloadError) -> Bool {
        guard size > 0 else { return true }
        var last: UInt8 = 0
        if unsafe pread(file.descriptor, &last, 1, size - 1) != 1 { throw .failing("read \(path)") }
        return last == UInt8(ascii: "\n")
    }
}
