internal import Glibc

/// Where a path that a person names for writing leads.
package enum WriteTarget: Equatable {
    /// To a regular file, or to nothing yet; no link is left in the path.
    case file(String)
    /// To a device, a pipe or what another process has open: to be written into, and never to be replaced.
    case stream(String)
    /// To a file that this process has open: written from where it stands, as standard output is.
    case descriptor(Int32)
    /// To a file or a pipe of another user, or over a link that another user made.
    case foreign(FileStatus)

    /// Follows the links of `path` as the kernel does.
    package init(_ path: String) {
        let found = try? FileStatus(path)
        if found == nil && File.linkTarget(path) == nil {
            self = .file(path)
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
            guard let target = File.linkTarget(place) else { break }
            if let link = try? FileStatus(place, follows: false), link.belongsToAnother {
                self = .foreign(link)
                return
            }
            place = target.hasPrefix("/") ? target : directory + target
        }
        // The kernel makes what a link leads to, or says why it can't be followed.
        guard let found else {
            self = .stream(path)
            return
        }
        if found.kind != .characterDevice && found.belongsToAnother {
            self = .foreign(found)
            return
        }
        // The kernel follows some links not at all (fs.protected_symlinks), and somebody may change them meanwhile.
        let isSame = (try? FileStatus(place))?.isSameFile(as: found) == true
        self = found.kind == .regular && isSame ? .file(place) : .stream(path)
    }

    /// Writes a file as one act, so a reader never sees half of it and a full disk leaves what was there; a device, a
    /// pipe or an open file is written into.
    ///
    /// - Parameter isPrivate: A new file can be read by its owner alone.
    /// - Throws: `SystemError` with the errno; `.notTrusted` if a file, pipe or link there belongs to another user.
    package func write(_ bytes: [UInt8], isPrivate: Bool = false) throws(SystemError) {
        switch self {
        case .file(let file): try WholeFile.replace(file, with: bytes, isPrivate: isPrivate)
        case .stream(let place): try WholeFile.fill(place, with: bytes, isPrivate: isPrivate)
        case .foreign(let link): throw WholeFile.another(link)
        case .descriptor(let descriptor): try WholeFile.fill(descriptor: descriptor, with: bytes)
        }
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
