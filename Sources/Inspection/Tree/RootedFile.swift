internal import CSystem
internal import Glibc

/// Opens files inside a root directory so that no link leads out of it, also none that is put there meanwhile.
///
/// On the running machine a path below `/sys` or `/proc` does not leave that file system either: the kernel's own links
/// there stay in it.
struct RootedFile {
    /// The root directory; empty for `/`.
    let root: String

    /// How often the kernel may find that directories were moved while it resolved the path (openat2(2): EAGAIN).
    private static let attempts = 8

    /// A descriptor for `path`; negative with `errno` where it can't be opened.
    func open(_ path: String, _ flags: Int32) -> Int32 {
        let flags = flags | O_CLOEXEC
        let (directory, inside) = start(of: path)
        let base = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard base >= 0 else { return base }
        defer { close(base) }
        var file: Int32 = -1
        for _ in 0..<Self.attempts {
            file = unsafe daxswitch_open_inside(base, inside, flags, root.isEmpty && directory != "/" ? 1 : 0)
            if file >= 0 || errno != EAGAIN { break }
        }
        // An old kernel, or a sandbox that knows no openat2(2).
        guard file < 0, errno == ENOSYS || errno == EPERM else { return file }
        return openByWalking(path, flags)
    }

    /// Every link is read and resolved here; between that and the opening nobody but the owner of the tree may change it.
    func openByWalking(_ path: String, _ flags: Int32) -> Int32 {
        guard let real = RootedPath(root: root).resolve(path) else {
            errno = ENOENT
            return -1
        }
        return unsafe Glibc.open(root + real, flags | O_NOFOLLOW | O_CLOEXEC)
    }

    /// The directory that must not be left, and the path from there on.
    private func start(of path: String) -> (directory: String, inside: String) {
        let parts = path.split(separator: "/")
        if root.isEmpty, let first = parts.first, first == "sys" || first == "proc", !parts.contains("..") {
            return ("/\(first)", parts.count > 1 ? parts.dropFirst().joined(separator: "/") : ".")
        }
        return (root.isEmpty ? "/" : root, path)
    }
}
