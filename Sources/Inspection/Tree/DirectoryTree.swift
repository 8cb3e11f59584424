internal import Glibc

/// A `FileTree` in the file system: `/`, or a directory with a recorded machine.
package struct DirectoryTree: FileTree {
    /// The directory that stands for `/`, without a slash at its end; empty for the running machine.
    private let root: String

    /// The tree below `root`; `/` is the running machine.
    package init(root: String) {
        var root = root[...]
        while root.hasSuffix("/") { root = root.dropLast() }
        self.root = String(root)
    }

    /// The root is `/`.
    package var isLive: Bool { root.isEmpty }

    /// The root directory itself, as given.
    package var directory: String { root.isEmpty ? "/" : root }

    /// The path with the root before it.
    package func display(_ path: String) -> String { root + path }

    /// The largest file that is read, in bytes; what is larger is no attribute, log or table.
    private static let sizeLimit = 64 << 20

    /// The bytes of a regular file of at most 64 MiB; nil where it is absent.
    package func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        // O_NONBLOCK: a capture may hold a FIFO, and opening one would wait for a writer.
        let file = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        guard file >= 0 else { return try absent(path, errno) }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { return try absent(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw damaged(path, "this is not a regular file") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                return try absent(path, errno)
            }
            bytes += buffer[..<count]
            guard bytes.count <= Self.sizeLimit else { throw damaged(path, "the file is larger than 64 MiB") }
        }
    }

    /// The names in a directory, sorted; nil where it is absent.
    package func list(_ path: String) throws(InspectionError) -> [String]? {
        let directory = open(path, O_RDONLY | O_DIRECTORY)
        guard directory >= 0 else { return try absent(path, errno) }
        guard let stream = unsafe fdopendir(directory) else {
            close(directory)
            return try absent(path, errno)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// A descriptor for the file at `path`, which no link can lead out of the root; negative with `errno` where it can't be
    /// opened.
    package func open(_ path: String, _ flags: Int32) -> Int32 { RootedFile(root: root).open(path, flags) }

    /// The path with every link resolved inside the root; nil where it is absent.
    package func realPath(_ path: String) -> String? { RootedPath(root: root).resolve(path) }

    /// What a link says; nil where there is none.
    package func linkTarget(_ path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let parent = slash == path.startIndex ? "/" : String(path[..<slash])
        guard let directory = realPath(parent) else { return nil }
        return RootedPath.readLink(root + directory + path[slash...])
    }

    /// From the file itself: the kernel follows these links, whatever their text says.
    package func deviceNumber(_ path: String) -> String? {
        var status = stat()
        guard isLive, unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else { return nil }
        // As gnu_dev_major() and gnu_dev_minor(), which Swift does not see.
        let number = status.st_rdev
        let major = (number >> 8) & 0xfff | (number >> 32) & ~0xfff
        let minor = number & 0xff | (number >> 12) & ~0xff
        return "\(major):\(minor)"
    }

    /// Nil where `code` says that the file is not there (any more).
    ///
    /// ENODEV and ENXIO come from attributes of a device that is going away, ESRCH from a process that ended; ELOOP is a
    /// link that leads to itself, or one of /proc/PID/fd.
    private func absent<Value>(_ path: String, _ code: Int32) throws(InspectionError) -> Value? {
        switch code {
        case ENOENT, ENOTDIR, ENODEV, ENXIO, ESRCH, ELOOP: return nil
        case EACCES, EPERM:
            let reason = "\(display(path)): permission denied"
            throw InspectionError(.notPermitted, isLive ? reason + "; run as root" : reason)
        default:
            throw InspectionError(isLive ? .unreadable : .badCapture, "\(display(path)): error \(code) while reading")
        }
    }
}
