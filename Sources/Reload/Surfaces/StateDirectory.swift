import Glibc

/// Where daxswitch keeps what lives until the next boot; another root serves tests.
package struct StateDirectory: Sendable {
    /// What stands before every path; empty for this machine.
    package let root: String

    /// The directories below `root`; "" is this machine.
    package init(root: String = "") { self.root = root }

    /// `/run/daxswitch`.
    package var directory: String { "\(root)/run/daxswitch" }
    /// The lock file.
    package var lock: String { "\(directory)/lock" }
    /// The journal.
    package var journal: String { "\(directory)/journal" }
    /// The journal of the run before.
    package var lastJournal: String { "\(directory)/journal.last" }
    /// What is remembered of the regions.
    package var facts: String { "\(directory)/regions.json" }
    /// The drop-in for modprobe that keeps `cxl_acpi` out.
    package var hold: String { "\(root)/run/modprobe.d/00-daxswitch.conf" }
    /// The udev rule that goes with it.
    package var holdRules: String { "\(root)/run/udev/rules.d/00-daxswitch.rules" }
    /// There while udev has events to work on.
    var udevQueue: String { "\(root)/run/udev/queue" }

    /// Makes the directories above `path`, mode 0755.
    static func makeParents(of path: String) throws(ReloadError) {
        var made = ""
        for part in path.split(separator: "/").dropLast() {
            made += "/\(part)"
            if unsafe mkdir(made, 0o755) == 0 {
                // Whatever the umask: modprobe and udev of others than root read there too.
                if unsafe chmod(made, 0o755) != 0 { throw .failing("make \(made)") }
            } else if errno != EEXIST {
                throw .failing("make \(made)")
            }
        }
    }

    /// Replaces the file at `path` as one act, written out to the disk, mode 0644; makes the directories above it.
    package static func write(_ bytes: [UInt8], to path: String) throws(ReloadError) {
        try makeParents(of: path)
        try WholeFile.replace(path, with: bytes, mode: 0o644)
    }

    /// Removes the file at `path`; one that is not there is no error.
    package static func remove(_ path: String) throws(ReloadError) {
        if unsafe unlink(path) != 0 {
            if errno == ENOENT || errno == ENOTDIR { return }
            throw .failing("remove \(path)")
        }
        try writeOutDirectory(of: path)
    }

    /// Without it a new name, or its removal, could be lost with the power.
    static func writeOutDirectory(of path: String) throws(ReloadError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let file = try File(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY, follows: true)
        if fsync(file.descriptor) != 0 && errno != EINVAL { throw .failing("write out \(directory)") }
    }
}

/// An open file that is closed with its owner.
struct File: ~Copyable {
    let descriptor: Int32
    let path: String

    /// `mode` is that of a file which is made.
    init(_ path: String, _ flags: Int32, mode: mode_t = 0o644, follows: Bool = false) throws(ReloadError) {
        self.path = path
        descriptor = unsafe open(path, flags | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW), mode)
        if descriptor < 0 { throw .failing("open \(path)") }
    }

    /// What is open as `descriptor`; it and the copy stand at the same place.
    init(copying descriptor: Int32) throws(ReloadError) {
        path = "file descriptor \(descriptor)"
        self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if self.descriptor < 0 { throw .failing("open \(path)") }
    }

    deinit { close(descriptor) }

    /// All bytes from where the file stands to its end.
    func readAll() throws(ReloadError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .failing("read \(path)") }
            bytes += buffer.prefix(count)
        }
    }

    /// Writes all of `bytes` and has them on the disk before it returns.
    func append(_ bytes: [UInt8]) throws(ReloadError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw .failing("write \(path)") }
            rest = rest.dropFirst(written)
        }
        if fsync(descriptor) != 0 && errno != EINVAL { throw .failing("write out \(path)") }
    }
}

extension ReloadError {
    /// A system call that failed, by `errno`.
    static func failing(_ what: String) -> ReloadError {
        let number = errno
        let reason = unsafe String(cString: strerror(number))
        let code: Code = number == EACCES || number == EPERM ? .notPermitted : .unavailable
        return ReloadError(code, "can't \(what)", cause: reason)
    }
}
