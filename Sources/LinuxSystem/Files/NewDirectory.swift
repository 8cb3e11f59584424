internal import Glibc

/// A directory that is filled beside the place where it belongs and put there once it is whole.
///
/// Nobody but this user can look into it or write to it (0700, files 0600). While it is filled, it is locked (flock(2)): what a
/// process that was killed has left of the same directory is not, and the next one removes it. Whatever is made in it is made below its open
/// descriptor, and no link is followed: what another user does to the names around it changes nothing.
package final class NewDirectory {
    private let parent: File
    private let top: File
    private let path: String
    private let name: String
    private let temporaryName: String
    private var isPlaced = false

    /// Begins the directory that is to be at `path`; an empty directory may be there. As root, `path` must lie in a
    /// directory that only root can write, or that has the sticky bit, as `/tmp` has.
    ///
    /// - Throws: `SystemError` with the errno; `.notTrusted` if another user can write the directory around it or the one
    ///   that is there, `.unusable` if something else than a directory is there.
    package init(_ path: String) throws(SystemError) {
        let place = try Self.place(of: path)
        self.path = path
        name = place.name
        parent = try File(place.parent, O_RDONLY | O_DIRECTORY)
        let user = geteuid()
        if user == 0, FileTrust.problem(with: parent, being: .directory, trusting: user) != nil {
            throw SystemError(
                .notTrusted,
                "can't write \(path)",
                cause: "another user can change a parent directory. Name a directory below /root or /tmp"
            )
        }
        try Self.check(parent, name, path)
        let prefix = ".\(name.prefix(Self.nameLimit))."
        Self.removeLeftOvers(prefix, in: parent)
        temporaryName = prefix + String(UInt64.random(in: .min ... .max), radix: 16) + Self.suffix
        guard unsafe mkdirat(parent.descriptor, temporaryName, 0o700) == 0 else { throw .failing("create \(path)") }
        do throws(SystemError) {
            top = try Self.directory(temporaryName, in: parent)
            // Another process that removes what was left may have been faster: then nothing can be made in it.
            if flock(top.descriptor, LOCK_EX | LOCK_NB) != 0 { throw .failing("lock \(path)") }
        } catch {
            unsafe unlinkat(parent.descriptor, temporaryName, AT_REMOVEDIR)
            throw error
        }
    }

    deinit {
        if isPlaced { return }
        Self.removeContent(of: top)
        unsafe unlinkat(parent.descriptor, temporaryName, AT_REMOVEDIR)
    }

    /// Makes the directory at `path` inside this one, with its parents; one that is there is no error.
    ///
    /// - Throws: `SystemError` with the errno.
    package func make(_ path: String) throws(SystemError) { _ = try open(path.split(separator: "/")[...]) }

    /// Writes the file at `path` inside this one, with its parents; one that is there is replaced.
    ///
    /// - Throws: `SystemError` with the errno.
    package func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let parts = path.split(separator: "/")
        let name = try self.name(parts.last)
        let directory = try open(parts.dropLast())
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        var descriptor = unsafe openat(directory.descriptor, name, flags, 0o600)
        if descriptor < 0, errno == EEXIST, unsafe unlinkat(directory.descriptor, name, 0) == 0 {
            descriptor = unsafe openat(directory.descriptor, name, flags, 0o600)
        }
        if descriptor < 0 { throw .failing("write \(self.path)\(path)") }
        try File(owning: descriptor, path: self.path + path).write(bytes)
    }

    /// Makes the link at `path` inside this one, with the directories above it; one that is there is no error.
    ///
    /// - Throws: `SystemError` with the errno.
    package func link(_ path: String, to target: String) throws(SystemError) {
        let parts = path.split(separator: "/")
        let name = try self.name(parts.last)
        let directory = try open(parts.dropLast())
        guard unsafe symlinkat(target, directory.descriptor, name) == 0 || errno == EEXIST else {
            throw .failing("link \(self.path)\(path)")
        }
    }

    /// Puts the directory in its place, as one act.
    ///
    /// - Throws: `SystemError` with the errno; `.unusable` if something was put there meanwhile.
    package func moveIntoPlace() throws(SystemError) {
        guard unsafe renameat(parent.descriptor, temporaryName, parent.descriptor, name) == 0 else {
            if errno == EEXIST || errno == ENOTEMPTY {
                throw SystemError(.unusable, "can't write \(path)", cause: "it is not empty")
            }
            throw .failing("write \(path)")
        }
        isPlaced = true
    }

    private static let suffix = ".new"

    /// Removes what was left of the same directory: a directory of this user, 0700, with such a name, and not locked.
    private static func removeLeftOvers(_ prefix: String, in parent: borrowing File) {
        for name in (try? parent.names()) ?? [] where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
            let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
            guard UInt64(digits, radix: 16) != nil, let left = try? directory(name, in: parent),
                let status = try? left.status(), status.user == geteuid(), status.permissions == 0o700,
                flock(left.descriptor, LOCK_EX | LOCK_NB) == 0
            else { continue }
            removeContent(of: left)
            unsafe unlinkat(parent.descriptor, name, AT_REMOVEDIR)
        }
    }

    /// A name may have 255 bytes (NAME_MAX), with what stands around it here.
    private static let nameLimit = 50

    /// The real directory around `path`, and the name in it.
    private static func place(of path: String) throws(SystemError) -> (parent: String, name: String) {
        if let status = try? FileStatus(path, follows: false) {
            guard status.kind == .directory else {
                throw SystemError(.unusable, "can't write \(path)", cause: "it is not a directory")
            }
            guard let here = try? FileStatus("."), !here.isSameFile(as: status) else {
                throw SystemError(
                    .unusable,
                    "can't write \(path)",
                    cause: "it is the current directory. Name another one"
                )
            }
            return try split(try real(path), path)
        }
        var end = path[...]
        while end.hasSuffix("/") { end = end.dropLast() }
        let slash = end.lastIndex(of: "/")
        let directory = slash.map { String(end[...$0]) } ?? "./"
        let name = String(slash.map { end[end.index(after: $0)...] } ?? end)
        return try split("\(try real(directory))/\(name)", path)
    }

    private static func split(_ real: String, _ path: String) throws(SystemError) -> (parent: String, name: String) {
        guard let slash = real.lastIndex(of: "/") else { throw .failing("write \(path)", ENOENT) }
        let name = String(real[real.index(after: slash)...])
        guard !["", ".", ".."].contains(name) else { throw .failing("write \(path)", EBUSY) }
        return (String(real[...slash]), name)
    }

    private static func real(_ path: String) throws(SystemError) -> String {
        guard let real = unsafe realpath(path, nil) else { throw .failing("find \(path)") }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// What is there already is a directory that nobody else can put something into.
    private static func check(_ parent: borrowing File, _ name: String, _ path: String) throws(SystemError) {
        let descriptor = unsafe openat(parent.descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw .failing("write \(path)")
        }
        let status = try File(owning: descriptor, path: path).status()
        if status.belongsToAnother || status.othersCanWrite {
            throw SystemError(
                .notTrusted,
                "can't write \(path)",
                cause: "another user can write to this directory. Name a new one"
            )
        }
    }

    private static func directory(_ name: String, in parent: borrowing File) throws(SystemError) -> File {
        let path = "\(parent.path)/\(name)"
        let descriptor = unsafe openat(parent.descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if descriptor < 0 { throw .failing("open \(path)") }
        return File(owning: descriptor, path: path)
    }

    /// `part` as a name of something inside this directory.
    private func name(_ part: Substring?) throws(SystemError) -> String {
        guard let part, part != ".", part != ".." else { throw .failing("write \(path)", EINVAL) }
        return String(part)
    }

    /// The directory at `parts` inside this one; it is made, with those above it.
    private func open(_ parts: ArraySlice<Substring>) throws(SystemError) -> File {
        var directory = try Self.directory(".", in: top)
        for part in parts {
            let name = try name(part)
            if unsafe mkdirat(directory.descriptor, name, 0o700) != 0 && errno != EEXIST {
                throw .failing("create \(path)/\(parts.joined(separator: "/"))")
            }
            directory = try Self.directory(name, in: directory)
        }
        return directory
    }

    /// Removes all that is in a directory, as far as that works.
    private static func removeContent(of directory: borrowing File) {
        for name in (try? directory.names()) ?? [] where unsafe unlinkat(directory.descriptor, name, 0) != 0 {
            if let inner = try? Self.directory(name, in: directory) { removeContent(of: inner) }
            unsafe unlinkat(directory.descriptor, name, AT_REMOVEDIR)
        }
    }
}
