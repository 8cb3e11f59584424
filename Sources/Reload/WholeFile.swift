import Glibc

/// Files that are written in one go.
public enum WholeFile {
    /// Replaces the file at `path` as one act, written out to the disk, mode 0644. Where that fails the file is as it was.
    ///
    /// - Throws: `ReloadError` `.notPermitted` or `.unavailable`.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(ReloadError) {
        let temporary = "\(path).new"
        do throws(ReloadError) {
            try write(bytes, to: temporary)
            if unsafe rename(temporary, path) != 0 { throw .failing("rename \(temporary)") }
            try StateDirectory.writeOutDirectory(of: path)
        } catch {
            unsafe unlink(temporary)
            throw error
        }
    }

    /// Writes to the device or pipe that is at `path`.
    ///
    /// - Throws: `ReloadError` `.notPermitted` or `.unavailable`.
    public static func fill(_ path: String, with bytes: [UInt8]) throws(ReloadError) {
        try File(path, O_WRONLY, follows: true).append(bytes)
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(ReloadError) {
        // What is there was left by a crash, or was put there by somebody else, who then could write to it.
        unsafe unlink(path)
        let file = try File(path, O_WRONLY | O_CREAT | O_EXCL)
        if fchmod(file.descriptor, 0o644) != 0 { throw .failing("set the mode of \(path)") }
        try file.append(bytes)
    }
}
