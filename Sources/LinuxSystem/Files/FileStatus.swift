package import Glibc

/// What the kernel holds about a file (stat(2)).
package struct FileStatus: Sendable, Equatable {
    /// What kind of file it is.
    package enum Kind: Sendable {
        case regular, directory, link, characterDevice, other
    }

    /// What kind of file it is.
    package let kind: Kind
    /// The mode without the kind.
    package let permissions: mode_t
    /// The owner.
    package let user: uid_t
    /// The owning group.
    package let group: gid_t
    /// In bytes.
    package let size: Int
    /// When its content changed last, in nanoseconds since 1970.
    package let modified: Int
    /// When anything about it changed last, which nobody can set, in nanoseconds since 1970.
    package let changed: Int
    private let fileSystem: dev_t
    private let inode: ino_t

    /// Of the file at `path`; of the link itself if `path` is one and links are not followed.
    ///
    /// - Throws: `SystemError` with the errno.
    package init(_ path: String, follows: Bool = true) throws(SystemError) {
        var status = stat()
        guard unsafe (follows ? stat(path, &status) : lstat(path, &status)) == 0 else {
            throw .failing("stat \(path)")
        }
        self.init(status)
    }

    /// Of an open file.
    ///
    /// - Throws: `SystemError` with the errno.
    package init(of file: borrowing File) throws(SystemError) {
        try self.init(of: file.descriptor, path: file.path)
    }

    /// Of what is open as `descriptor`.
    ///
    /// - Throws: `SystemError` with the errno.
    package init(of descriptor: Int32, path: String) throws(SystemError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .failing("stat \(path)") }
        self.init(status)
    }

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .link
            case S_IFCHR: .characterDevice
            default: .other
            }
        permissions = status.st_mode & 0o7777
        user = status.st_uid
        group = status.st_gid
        size = Int(status.st_size)
        modified = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
        changed = status.st_ctim.tv_sec * 1_000_000_000 + status.st_ctim.tv_nsec
        fileSystem = status.st_dev
        inode = status.st_ino
    }

    /// Whether it belongs to another user than root and the one of this process.
    package var belongsToAnother: Bool { user != 0 && user != geteuid() }

    /// Whether its group or everybody can write to it.
    package var othersCanWrite: Bool { permissions & (S_IWGRP | S_IWOTH) != 0 }

    /// Whether both describe one file, whatever its names.
    package func isSameFile(as other: FileStatus) -> Bool { fileSystem == other.fileSystem && inode == other.inode }
}
