internal import Glibc

/// A file of lines to which several processes may append; when it has grown, it becomes the one with `.1` behind its name.
package struct LineLog {
    private let path: String
    private let sizeLimit: Int
    private let patience: Duration

    /// - Parameter sizeLimit: The size in bytes from which on the next line begins a new file.
    /// - Parameter patience: How long another process is waited for.
    package init(_ path: String, sizeLimit: Int, patience: Duration = .seconds(5)) {
        self.path = path
        self.sizeLimit = sizeLimit
        self.patience = patience
    }

    /// Appends a line, on the disk before it returns; the directories above are made. Who does so has the lock on the file
    /// with `.lock` behind its name. All of these files are their owner's alone, also where they were made otherwise.
    ///
    /// - Throws: `SystemError` with the errno, or `.busy`; the file is then as it was.
    package func append(_ line: String) throws(SystemError) {
        let lock = try File.locked("\(path).lock", waitingUpTo: patience)
        try rotate()
        let file = try File(path, O_RDWR | O_CREAT | O_APPEND, mode: 0o600)
        _ = fchmod(file.descriptor, 0o600)
        if let older = try? File("\(path).1", O_RDONLY) { _ = fchmod(older.descriptor, 0o600) }
        let size = lseek(file.descriptor, 0, SEEK_END)
        // A line that a crash cut off stays a line of its own.
        let start = try endsInLine(file, size: size) ? "" : "\n"
        do throws(SystemError) {
            try file.append(Array("\(start)\(line)\n".utf8))
        } catch {
            _ = ftruncate(file.descriptor, size)
            throw error
        }
        withExtendedLifetime(lock) {}
    }

    private func rotate() throws(SystemError) {
        guard let status = try? FileStatus(path), status.kind == .regular, status.size >= sizeLimit else { return }
        if unsafe rename(path, "\(path).1") != 0 { throw .failing("rename \(path)") }
    }

    private func endsInLine(_ file: borrowing File, size: off_t) throws(SystemError) -> Bool {
        guard size > 0 else { return true }
        var last: UInt8 = 0
        if unsafe pread(file.descriptor, &last, 1, size - 1) != 1 { throw .failing("read \(path)") }
        return last == UInt8(ascii: "\n")
    }
}
