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

    /// As many links as the kernel follows in one path (MAXSYMLINKS, include/linux/namei.h).
    private static let linkLimit = 40

    /// Opens the file at `path`, absolute inside the root.
    ///
    /// - Throws: `SystemError` with the errno.
    package func open(_ path: String, _ flags: Int32) throws(SystemError) -> File {
        let (directory, inside) = start(of: path)
        let base = try File(directory, O_RDONLY | O_DIRECTORY, follows: true)
        let isStrict: Int32 = isRunningMachine && directory != "/" ? 1 : 0
        var descriptor: Int32 = -1
        for _ in 0..<Self.attempts {
            descriptor = unsafe daxswitch_open_inside(base.descriptor, inside, flags | O_CLOEXEC, isStrict)
            if descriptor >= 0 || errno != EAGAIN { break }
        }
        if descriptor >= 0 { return File(owning: descriptor, path: self.path + path) }
        // An old kernel, or a sandbox without openat2(2).
        guard errno == ENOSYS || errno == EPERM else { throw .failing("open \(self.path)\(path)") }
        return try openByWalking(path, flags)
    }

    /// Every link is read and resolved here; between that and the opening only the owner of the tree may change it.
    func openByWalking(_ path: String, _ flags: Int32) throws(SystemError) -> File {
        guard let real = resolve(path) else { throw .failing("open \(self.path)\(path)", ENOENT) }
        return try File(self.path + real, flags)
    }

    /// The directory that must not be left, and the path from there on.
    private func start(of path: String) -> (directory: String, inside: String) {
        let parts = path.parts(at: "/")
        if isRunningMachine, let first = parts.first, first == "sys" || first == "proc", !parts.contains("..") {
            return ("/\(first)", parts.count > 1 ? parts.dropFirst().joined(separator: "/") : ".")
        }
        return (isRunningMachine ? "/" : self.path, path)
    }

    /// The bytes of the regular file at `path`.
    ///
    /// - Throws: `SystemError` with the errno; `.unusable` if it is not a regular file, or has more bytes than `limit`.
    package func read(_ path: String, upTo limit: Int) throws(SystemError) -> [UInt8] {
        // O_NONBLOCK: a capture may hold a FIFO, and opening one would wait for a writer.
        let file = try open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        guard try file.status().kind == .regular else {
            throw SystemError(.unusable, "can't read \(file.path)", cause: "it is not a regular file")
        }
        return try file.readAll(upTo: limit)
    }

    /// The names in the directory at `path`, sorted.
    ///
    /// - Throws: `SystemError` with the errno.
    package func names(in path: String) throws(SystemError) -> [String] {
        try open(path, O_RDONLY | O_DIRECTORY).names()
    }

    /// The path with all links resolved, absolute inside the root; nil if nothing is there.
    package func resolve(_ path: String) -> String? {
        var done: [Substring] = []
        var rest: [Substring] = path.parts(at: "/").reversed()
        var links = 0
        while let part = rest.popLast() {
            switch part {
            case ".": continue
            case "..":
                _ = done.popLast()
                continue
            default: break
            }
            let here = "/" + (done + [part]).joined(separator: "/")
            guard let status = try? FileStatus(self.path + here, follows: false) else { return nil }
            guard status.kind == .link else {
                done.append(part)
                continue
            }
            links += 1
            guard links <= Self.linkLimit, let target = File.linkTarget(self.path + here) else { return nil }
            if target.hasPrefix("/") { done = [] }
            for part in target.parts(at: "/").reversed() { rest.append(part) }
        }
        return "/" + done.joined(separator: "/")
    }

    /// What the link at `path` says; nil if no link is there.
    package func linkTarget(_ path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let parent = slash == path.startIndex ? "/" : String(path[..<slash])
        guard let directory = resolve(parent) else { return nil }
        return File.linkTarget("\(self.path)\(directory)\(path[slash...])")
    }
}
