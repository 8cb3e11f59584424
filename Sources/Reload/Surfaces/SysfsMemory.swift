import Glibc
import Inspection
import LinuxSystem

/// Memory blocks and dax drivers through sysfs, on this machine.
package struct SysfsMemory: MemoryControl {
    private let root: RootDirectory
    private let tree: DirectoryTree

    /// How long a write may take to end once it is broken off.
    private static let grace = Duration.seconds(10)

    /// The attributes below `root`; "/" is this machine.
    package init(root: String = "/") {
        self.root = RootDirectory(root)
        tree = DirectoryTree(root: root)
    }

    /// Writes from a child process, so a write that does not end can be broken off.
    package func write(_ value: String, to attribute: MemoryAttribute, while goesOn: () -> Bool) throws(WriteRefusal) {
        let process: ChildProcess
        do {
            let file = try root.open(attribute.path, O_WRONLY)
            process = try ChildProcess(writing: Array(value.utf8), into: file)
        } catch {
            throw WriteRefusal(error.number?.number ?? EIO, hangsIn: error.code == .hung ? error.description : nil)
        }
        switch process.wait(while: goesOn, grace: Self.grace) {
        case .ended(let status):
            // As WIFSIGNALED and WEXITSTATUS, which Swift does not see.
            guard status & 0x7f == 0 else { throw WriteRefusal(EINTR) }
            let code = (status >> 8) & 0xff
            if code != 0 { throw WriteRefusal(code) }
        case .brokenOff: throw WriteRefusal(EINTR)
        case .hangs: throw WriteRefusal(EINTR, hangsIn: process.kernelStack ?? "its kernel stack can't be read")
        }
    }

    /// The first line of the file.
    package func value(of attribute: MemoryAttribute) -> String? { tree.optionalValue(attribute.path) }

    /// The first line of the block's `state`.
    package func isOnline(block number: Int) -> Bool? {
        tree.optionalValue(MemoryAttribute.block(number).path).map { $0 != "offline" }
    }
}
