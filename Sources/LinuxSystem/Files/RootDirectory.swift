private import CSystem
internal import Glibc

/// The files below a directory that stands for `/`: no link leads out of it, also none that is put there meanwhile.
///
/// The kernel's own resolution would follow an absolute link of a recorded machine into the machine that reads it. On the
/// running machine a path below `/sys` or `/proc` does not leave that file system either: the kernel's own links there stay
/// in it.
package struct RootDirectory: Sendable {
    /// The directory without a slash at its end; empty for the running machine.
    package let path: String

    /// The files below `path`; `/` and the empty path are the running machine.
    package init(_ path: String) {
        var path = path[...]
        while path.hasSuffix("/") { path = path.dropLast() }
        self.path = String(path)
    }

    /// Whether this is the running machine.
    package var isRunningMachine: Bool { path.isEmpty }

    /// How often the kernel may find that directories were moved while it resolved the path (openat2(2): EAGAIN).
    private static let attempts = 8

    private static let pathOnly = Int32(DAXSWITCH_PATH_ONLY)

    /// As many links as the kernel follows in one path (MAXSYMLINKS, include/linux/namei.h).
    private static let linkLimit = 40

    private let bases = BaseDirectories()

    /// Opens the file at `path`, absolute inside the root.
    ///
    /// - Throws: `SystemError` with the errno.
    package func open(_ path: String, _ flags: Int32) throws(SystemError) -> File {
        let descriptor = try descriptor(path, flags)
        if descriptor >= 0 { return File(owning: descriptor, path: self.path + path) }
        // An old kernel, or a sandbox without openat2(2).
        guard errno == ENOSYS || errno == EPERM else { throw .failing("open \(self.path)\(path)") }
        return try openByWalking(path, flags)
    }

    /// What the kernel opens; negative with errno if it can't.
    private func descriptor(_ path: String, _ flags: Int32) throws(SystemError) -> Int32 {
        let (directory, inside) = start(of: path)
        let base = try bases.descriptor(directory)
        let isStrict: Int32 = isRunningMachine && directory != "/" ? 1 : 0
        var descriptor: Int32 = -1
        for _ in 0..<Self.attempts {
            descriptor = unsafe daxswitch_open_inside(base, inside, flags | O_CLOEXEC, isStrict)
            if descriptor >= 0 || errno != EAGAIN { break }
        }
        return descriptor
    }

    /// Every link is read and resolved here; between that and the opening only the owner of the tree may change it.
    func openByWalking(_ path: String, _ flags: Int32) throws(SystemError) -> File {
        guard let real = resolveByWalking(path) else { throw .failing("open \(self.path)\(path)", ENOENT) }
        return try File(self.path + real, flags)
    }

    /// The directory that must not be left, and the path from there on.
    private func start(of path: String) -> (directory: String, inside: String) {
        guard isRunningMachine else { return (self.path, path) }
        for directory in ["/sys", "/proc"] where path.startsWithBytes(of: directory) && !Self.leadsUp(path) {
            let inside = path.utf8.dropFirst(directory.utf8.count)
            if inside.isEmpty { return (directory, ".") }
            if inside.first == UInt8(ascii: "/") { return (directory, "." + String(Substring(inside))) }
        }
        return ("/", path)
    }

    private static func leadsUp(_ path: String) -> Bool {
        let dot = UInt8(ascii: ".")
        let bytes = path.utf8.span
        var place = 1
        while place < bytes.count {
            if bytes[place] == dot && bytes[place - 1] == dot { return path.parts(at: "/").contains("..") }
            place += 1
        }
        return false
    }

    /// The bytes of the regular file at `path`.
    ///
    /// - Throws: `SystemError` with the errno; `.unusable` if it is not a regular file, or has more bytes than `limit`.
    package func read(_ path: String, upTo limit: Int) throws(SystemError) -> [UInt8] {
        try withRegular(path) { file, status throws(SystemError) in
            try file.readAll(upTo: limit, until: end(of: path, status))
        }
    }

    /// Calls `body` with the bytes of the regular file at `path`, part by part, until it returns false.
    ///
    /// - Throws: `SystemError` with the errno; `.unusable` if it is not a regular file.
    package func readParts(of path: String, _ body: ([UInt8]) -> Bool) throws(SystemError) {
        try withRegular(path) { file, _ throws(SystemError) in
            while true {
                let part = try file.readPart()
                if part.isEmpty || !body(part) { return }
            }
        }
    }

    /// Opens the regular file at `path`. A capture may hold a FIFO, and opening one would wait for a writer: O_NONBLOCK.
    private func withRegular<Value>(
        _ path: String,
        _ body: (borrowing File, FileStatus) throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        let file = try open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        let status = try file.status()
        guard status.kind == .regular else {
            throw SystemError(.unusable, "can't read \(file.path)", cause: "it is not a regular file")
        }
        return try body(file, status)
    }

    /// Whether something is at `path`, links followed.
    package func exists(_ path: String) -> Bool {
        look(at: path) { _ in
            true
        } walking: {
            resolveByWalking(path).map { _ in true }
        } ?? false
    }

    /// What `body` finds out about what is at `path`, which is opened as a place only; nil if nothing is there. If the kernel
    /// can't resolve the path (an old one, or a sandbox without openat2(2)), what `walk` finds out.
    private func look<Value>(
        at path: String,
        _ flags: Int32 = 0,
        _ body: (Int32) -> Value?,
        walking walk: () -> Value?
    ) -> Value? {
        guard let descriptor = try? descriptor(path, Self.pathOnly | flags) else { return nil }
        guard descriptor >= 0 else { return errno == ENOENT || errno == ENOTDIR ? nil : walk() }
        defer { close(descriptor) }
        return body(descriptor)
    }

    /// How the end of the file at `path` shows.
    ///
    /// The kernel gives a whole attribute of sysfs at once, and the bytes of a larger file there in pages of at least 4 KiB
    /// (fs/kernfs/file.c: kernfs_file_read_iter()); nothing there tells its size. Other
    /// file systems below it (debugfs, cgroup) do it otherwise, and nothing of them is read. Files of `/proc` come in parts of any size.
    private func end(of path: String, _ status: FileStatus) -> File.End {
        guard isRunningMachine else { return .size(status.size) }
        return path.startsWithBytes(of: "/sys/") ? .partBelow(4096) : .emptyPart
    }

    /// The names in the directory at `path`, sorted.
    ///
    /// - Throws: `SystemError` with the errno.
    package func names(in path: String) throws(SystemError) -> [String] {
        let descriptor = try descriptor(path, O_RDONLY | O_DIRECTORY)
        if descriptor >= 0 { return try File.names(closing: descriptor, self.path + path) }
        return try open(path, O_RDONLY | O_DIRECTORY).names()
    }

    /// The path with all links resolved, absolute inside the root; nil if nothing is there.
    package func resolve(_ path: String) -> String? {
        look(at: path) {
            place(of: $0) ?? resolveByWalking(path)
        } walking: {
            resolveByWalking(path)
        }
    }

    /// Where the kernel says that something open lies, absolute inside the root; nil if it can't tell, as without `/proc`.
    private func place(of descriptor: Int32) -> String? {
        guard let place = File.linkTarget("/proc/self/fd/\(descriptor)"), place.startsWithBytes(of: "/"),
            !place.hasSuffix(" (deleted)")
        else { return nil }
        if isRunningMachine { return place }
        guard let base = try? bases.descriptor(self.path), let root = File.linkTarget("/proc/self/fd/\(base)"),
            place.startsWithBytes(of: root)
        else { return nil }
        let inside = Substring(place.utf8.dropFirst(root.utf8.count))
        return inside.isEmpty ? "/" : inside.startsWithBytes(of: "/") ? String(inside) : nil
    }

    /// The same as `resolve`, link by link.
    func resolveByWalking(_ path: String) -> String? {
        let slash = UInt8(ascii: "/")
        // What is resolved, from the root on; a component begins at each of the marks.
        var done = Array(self.path.utf8)
        let root = done.count
        var marks: [Int] = []
        var rest = Array(path.utf8)[...]
        var links = 0
        // Not set to zeros: the kernel writes into it, and only what it wrote is read.
        var buffer = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { $1 = $0.count }
        while let start = rest.firstIndex(where: { $0 != slash }) {
            let part = rest[start...].prefix { $0 != slash }
            rest = rest[part.endIndex...]
            if part.count <= 2, part.allSatisfy({ $0 == UInt8(ascii: ".") }) {
                if part.count == 2, let mark = marks.popLast() { done.removeSubrange(mark...) }
                continue
            }
            let mark = done.count
            done.append(slash)
            done += part
            guard let target = Self.linkTarget(&done, &buffer) else {
                // Another file than a link: EINVAL.
                guard errno == EINVAL else { return nil }
                marks.append(mark)
                continue
            }
            links += 1
            guard links <= Self.linkLimit else { return nil }
            if target.first == slash { marks = [] }
            done.removeSubrange((target.first == slash ? root : mark)...)
            rest = target + [slash] + rest
        }
        return done.count == root ? "/" : String(decoding: done[root...], as: UTF8.self)
    }

    /// What the link at the path of these bytes says, read into `buffer`; nil with errno if no link is there.
    private static func linkTarget(_ path: inout [UInt8], _ buffer: inout [UInt8]) -> ArraySlice<UInt8>? {
        path.append(0)
        defer { path.removeLast() }
        let count = unsafe path.withUnsafeBytes { path in
            unsafe buffer.withUnsafeMutableBytes { buffer in
                guard let name = path.baseAddress, let start = buffer.baseAddress else { return -1 }
                return unsafe readlink(
                    name.assumingMemoryBound(to: CChar.self),
                    start.assumingMemoryBound(to: CChar.self),
                    buffer.count
                )
            }
        }
        return count > 0 ? buffer[..<count] : nil
    }

    /// What the link at `path` says; nil if no link is there.
    package func linkTarget(_ path: String) -> String? {
        look(at: path, O_NOFOLLOW) {
            File.linkTarget("", below: $0)
        } walking: {
            linkTargetByWalking(path)
        }
    }

    private func linkTargetByWalking(_ path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let parent = slash == path.startIndex ? "/" : String(path[..<slash])
        guard let directory = resolveByWalking(parent) else { return nil }
        return File.linkTarget("\(self.path)\(directory)\(path[slash...])")
    }
}
