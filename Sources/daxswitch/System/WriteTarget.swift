import Glibc

/// Where a path that a person names for writing leads.
enum WriteTarget: Equatable {
    /// To a regular file, or to nothing yet; no link is left in the path.
    case file(String)
    /// To a device, a pipe or what another process has open: to be written into, and never to be replaced.
    case stream(String)
    /// To a file that this process has open: written from where it stands, as standard output is.
    case descriptor(Int32)

    /// Follows the links of `path` as the kernel does.
    init(_ path: String) {
        guard let identity = FileIdentity(path) else {
            // The kernel makes what a link leads to, or says why it can't be followed.
            self = FileText.linkTarget(path) == nil ? .file(path) : .stream(path)
            return
        }
        var place = path
        for _ in 0..<Self.linksAtMost {
            let (directory, name) = Self.parts(place)
            // What is open has no name that could be given to another file, whatever the link in /proc says.
            if directory.hasPrefix("/proc/") {
                let isOwn = directory == "/proc/\(getpid())/fd/"
                self = isOwn ? Int32(name).map(WriteTarget.descriptor) ?? .stream(path) : .stream(path)
                return
            }
            place = directory + name
            guard let target = FileText.linkTarget(place) else { break }
            place = target.hasPrefix("/") ? target : directory + target
        }
        // The kernel follows some links not at all (fs.protected_symlinks), and somebody may change them meanwhile.
        self = identity.isRegular && FileIdentity(place) == identity ? .file(place) : .stream(path)
    }

    /// MAXSYMLINKS, include/linux/namei.h.
    private static let linksAtMost = 40

    /// The real directory of a path, with a slash behind it, and its last part.
    private static func parts(_ path: String) -> (directory: String, name: String) {
        let end = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        let directory = end == path.startIndex ? "./" : String(path[..<end])
        let name = String(path[end...])
        guard let real = unsafe realpath(directory, nil) else { return (directory, name) }
        defer { unsafe free(real) }
        let text = unsafe String(cString: real)
        return (text.hasSuffix("/") ? text : text + "/", name)
    }
}

/// Which file a path leads to.
private struct FileIdentity: Equatable {
    let device: dev_t
    let number: ino_t
    let isRegular: Bool

    /// nil where there is none, or where the kernel does not say.
    init?(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        (device, number, isRegular) = (status.st_dev, status.st_ino, status.st_mode & S_IFMT == S_IFREG)
    }
}
