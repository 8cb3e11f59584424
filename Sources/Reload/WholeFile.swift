internal import CSystem
internal import FoundationEssentials
import Glibc

/// Files that are written in one go.
package enum WholeFile {
    /// Replaces the file at `path` as one act, written out to the disk. Where that fails the file is as it was.
    ///
    /// It keeps its mode, and its owner where this process may give it; a new one has the mode that the umask leaves.
    /// Several processes may do it at once: the last one counts.
    /// - Throws: `ReloadError` `.notPermitted` or `.unavailable`.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(ReloadError) {
        removeLeftOvers(of: path)
        var status = stat()
        let isThere = unsafe lstat(path, &status) == 0
        let token = String(UInt64.random(in: .min ... .max), radix: 16)
        let name = "\(path).\(String(repeating: "0", count: tokenLength - token.count))\(token).new"
        try put(bytes, at: path, by: name, mode: isThere ? 0o600 : 0o666) { file throws(ReloadError) in
            guard isThere else { return }
            _ = fchown(file.descriptor, status.st_uid, status.st_gid)
            if fchmod(file.descriptor, status.st_mode & 0o7777) != 0 { throw .failing("set the mode of \(name)") }
        }
    }

    /// Replaces the file at `path` as one act, for whoever has the lock: what a crash left, the next write takes away.
    ///
    /// - Throws: `ReloadError` `.notPermitted` or `.unavailable`.
    static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(ReloadError) {
        let name = "\(path).new"
        // It may also have been put there by somebody else, who then could write to it.
        unsafe unlink(name)
        try put(bytes, at: path, by: name, mode: mode) { file throws(ReloadError) in
            if fchmod(file.descriptor, mode) != 0 { throw .failing("set the mode of \(name)") }
        }
    }

    /// Writes to the device, pipe or file that is at `path`, as the shell's `>` does: what is there is not replaced.
    ///
    /// - Throws: `ReloadError` `.notPermitted` or `.unavailable`.
    package static func fill(_ path: String, with bytes: [UInt8]) throws(ReloadError) {
        try File(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o666, follows: true).append(bytes)
    }

    /// Writes to an open file, from where it stands.
    ///
    /// - Throws: `ReloadError` `.notPermitted` or `.unavailable`.
    package static func fill(descriptor: Int32, with bytes: [UInt8]) throws(ReloadError) {
        try File(copying: descriptor).append(bytes)
    }

    private static func put(
        _ bytes: [UInt8],
        at path: String,
        by name: String,
        mode: mode_t,
        prepare: (borrowing File) throws(ReloadError) -> Void
    ) throws(ReloadError) {
        let file = try File(name, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        do throws(ReloadError) {
            try prepare(file)
            try file.append(bytes)
            if unsafe rename(name, path) != 0 { throw .failing("rename \(name)") }
            try StateDirectory.writeOutDirectory(of: path)
        } catch {
            unsafe unlink(name)
            throw error
        }
    }

    /// Sixteen hexadecimal digits.
    private static let tokenLength = 16

    /// In seconds; nobody is at work on a file for so long.
    private static let leftOverAge = 3600

    /// Removes what processes that were killed have left of writing `path`.
    private static func removeLeftOvers(of path: String) {
        let end = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        let directory = end == path.startIndex ? "./" : String(path[..<end])
        let prefix = "\(path[end...])."
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            guard name.hasPrefix(prefix), name.hasSuffix(".new") else { continue }
            let token = name.dropFirst(prefix.count).dropLast(".new".count)
            guard token.count == tokenLength, token.allSatisfy(\.isHexDigit) else { continue }
            removeIfOld("\(directory)\(name)")
        }
    }

    private static func removeIfOld(_ path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            time(nil) - status.st_mtim.tv_sec > leftOverAge
        else { return }
        unsafe unlink(path)
    }
}
