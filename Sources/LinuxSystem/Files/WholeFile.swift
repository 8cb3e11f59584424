private import Glibc

/// Files that are written, replaced or removed as one act.
package enum WholeFile {
    /// Replaces the file at `path`, written out to the disk, and makes the directories above it. For whoever has a lock: only
    /// one process may do it at a time.
    ///
    /// - Parameter isPrivate: Mode 0600, as for what holds physical addresses; else 0644.
    /// - Throws: `SystemError` with the errno; the file is then as it was.
    package static func write(_ bytes: [UInt8], to path: String, isPrivate: Bool = false) throws(SystemError) {
        try makeParents(of: path)
        try replace(path, with: bytes, mode: isPrivate ? 0o600 : 0o644)
    }

    /// Makes the directories above `path`, mode 0755.
    ///
    /// - Throws: `SystemError` with the errno.
    package static func makeParents(of path: String) throws(SystemError) {
        var made = ""
        for part in path.parts(at: "/").dropLast() {
            made += "/\(part)"
            if unsafe mkdir(made, 0o755) == 0 {
                // Whatever the umask: programs of other users than root read there too.
                if unsafe chmod(made, 0o755) != 0 { throw .failing("create \(made)") }
            } else if errno != EEXIST {
                throw .failing("create \(made)")
            }
        }
    }

    /// Removes the file at `path`; one that is not there is no error.
    ///
    /// - Throws: `SystemError` with the errno.
    package static func remove(_ path: String) throws(SystemError) {
        if unsafe unlink(path) != 0 {
            if errno == ENOENT || errno == ENOTDIR { return }
            throw .failing("remove \(path)")
        }
        try writeOutDirectory(of: path)
    }

    /// Replaces the file at `path` as one act, written out to the disk. Where that fails the file is as it was.
    ///
    /// It keeps its mode, and its owner where this process may give it. Several processes may do it at once: the last one
    /// counts.
    /// - Parameter isPrivate: A new file has mode 0600; else the mode that the umask leaves.
    /// - Throws: `SystemError` with the errno; `.notTrusted` if the file belongs to another user, who would own the new one.
    package static func replace(_ path: String, with bytes: [UInt8], isPrivate: Bool = false) throws(SystemError) {
        removeLeftOvers(of: path)
        let before = try? FileStatus(path, follows: false)
        if let before, before.belongsToAnother { throw another(before) }
        let token = String(UInt64.random(in: .min ... .max), radix: 16)
        let name = "\(path).\(String(repeating: "0", count: tokenLength - token.count))\(token).new"
        try put(bytes, at: path, by: name, mode: before == nil && !isPrivate ? 0o666 : 0o600) {
            file throws(SystemError) in
            guard let before else { return }
            _ = fchown(file.descriptor, before.user, before.group)
            if fchmod(file.descriptor, before.permissions) != 0 { throw .failing("set the mode of \(name)") }
        }
    }

    /// Replaces the file at `path` as one act, for whoever has the lock: what a crash left, the next write takes away.
    ///
    /// - Throws: `SystemError` with the errno.
    private static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(SystemError) {
        let name = "\(path).new"
        // It may also have been put there by somebody else, who then could write to it.
        unsafe unlink(name)
        try put(bytes, at: path, by: name, mode: mode) { file throws(SystemError) in
            if fchmod(file.descriptor, mode) != 0 { throw .failing("set the mode of \(name)") }
        }
    }

    /// Writes to the device, pipe or file that is at `path`, as the shell's `>` does: what is there is not replaced.
    ///
    /// - Parameter isPrivate: A file that a link leads to and that is made has mode 0600; else the mode that the umask leaves.
    /// - Throws: `SystemError` with the errno; `.notTrusted` if it is a file or a pipe of another user.
    package static func fill(_ path: String, with bytes: [UInt8], isPrivate: Bool = false) throws(SystemError) {
        let file = try File(path, O_WRONLY | O_CREAT, mode: isPrivate ? 0o600 : 0o666, follows: true)
        let status = try file.status()
        // A terminal belongs to who is logged in there.
        if status.kind != .characterDevice && status.belongsToAnother { throw another(status) }
        if status.kind == .regular && ftruncate(file.descriptor, 0) != 0 { throw .failing("write \(path)") }
        try file.append(bytes)
    }

    /// The refusal to write what another user could change afterwards, or wants to be written elsewhere. The kernel itself
    /// refuses that in directories with the sticky bit alone (fs.protected_regular, fs.protected_symlinks).
    static func another(_ status: FileStatus) -> SystemError {
        SystemError(.notTrusted, "it belongs to user \(status.user). Remove it, or name another file")
    }

    /// Writes to an open file, from where it stands.
    ///
    /// - Throws: `SystemError` with the errno.
    package static func fill(descriptor: Int32, with bytes: [UInt8]) throws(SystemError) {
        try File(copying: descriptor).append(bytes)
    }

    private static func put(
        _ bytes: [UInt8],
        at path: String,
        by name: String,
        mode: mode_t,
        prepare: (borrowing File) throws(SystemError) -> Void
    ) throws(SystemError) {
        let file = try File(name, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        do throws(SystemError) {
            try prepare(file)
            try file.append(bytes)
            if unsafe rename(name, path) != 0 { throw .failing("rename \(name)") }
            try writeOutDirectory(of: path)
        } catch {
            unsafe unlink(name)
            throw error
        }
    }

    /// Without it a new name, or its removal, could be lost with the power.
    private static func writeOutDirectory(of path: String) throws(SystemError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let file = try File(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY, follows: true)
        if fsync(file.descriptor) != 0 && errno != EINVAL { throw .failing("sync \(directory)") }
    }

    /// Sixteen hexadecimal digits.
    private static let tokenLength = 16

    /// In seconds; no process works on a file for so long.
    private static let leftOverAge = 3600

    /// Removes what processes that were killed have left of writing `path`.
    private static func removeLeftOvers(of path: String) {
        let end = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        let directory = end == path.startIndex ? "./" : String(path[..<end])
        let prefix = "\(path[end...])."
        let names = try? File(directory, O_RDONLY | O_DIRECTORY, follows: true).names()
        for name in names ?? [] {
            guard name.hasPrefix(prefix), name.hasSuffix(".new") else { continue }
            let token = name.dropFirst(prefix.count).dropLast(".new".count)
            guard token.count == tokenLength, token.allSatisfy(\.isHexDigit) else { continue }
            removeIfOld("\(directory)\(name)")
        }
    }

    private static func removeIfOld(_ path: String) {
        guard let status = try? FileStatus(path, follows: false), status.kind == .regular, status.user == geteuid(),
            time(nil) - status.modified / 1_000_000_000 > leftOverAge
        else { return }
        unsafe unlink(path)
    }
}
