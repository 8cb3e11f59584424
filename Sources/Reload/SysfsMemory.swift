import CSystem
import Glibc
import Inspection

/// Memory blocks and dax drivers through sysfs, on this machine.
public struct SysfsMemory: MemoryControl {
    private let tree: DirectoryTree

    /// How often a write that goes on is looked at, in milliseconds.
    private static let interval: Int32 = 200

    /// The attributes below `root`; "/" is this machine.
    public init(root: String = "/") { tree = DirectoryTree(root: root) }

    /// Writes from a child process, so that a write that does not end can be broken off.
    public func write(_ value: String, to attribute: MemoryAttribute, while goesOn: () -> Bool) throws(WriteRefusal) {
        guard let path = tree.realPath(attribute.path) else { throw WriteRefusal(ENOENT) }
        let file = unsafe open(tree.display(path), O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw WriteRefusal(errno) }
        defer { close(file) }
        let bytes = Array(value.utf8)
        let child = unsafe bytes.withUnsafeBytes { unsafe daxswitch_write_in_child(file, $0.baseAddress, $0.count) }
        guard child > 0 else { throw WriteRefusal(errno) }
        waitForEnd(of: child, while: goesOn)
        try Self.checkEnd(of: child)
    }

    /// The first line of the block's `state`.
    public func isOnline(block number: Int) -> Bool? {
        tree.optionalValue(MemoryAttribute.block(number).path).map { $0 != "offline" }
    }

    /// Waits until `child` has ended, and ends it once `goesOn` says no.
    private func waitForEnd(of child: pid_t, while goesOn: () -> Bool) {
        let process = daxswitch_open_process(child)
        // Without a descriptor there is nothing to wait on with a limit: then the write takes the time it takes.
        guard process >= 0 else { return }
        defer { close(process) }
        var watched = pollfd(fd: process, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&watched, 1, Self.interval) <= 0 {
            guard !goesOn() else { continue }
            kill(child, SIGKILL)
            return
        }
    }

    private static func checkEnd(of child: pid_t) throws(WriteRefusal) {
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw WriteRefusal(errno) }
        }
        // As WIFSIGNALED and WEXITSTATUS, which Swift does not see.
        guard status & 0x7f == 0 else { throw WriteRefusal(EINTR) }
        let code = (status >> 8) & 0xff
        if code != 0 { throw WriteRefusal(code) }
    }
}
