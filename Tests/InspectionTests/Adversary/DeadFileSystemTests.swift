import Inspection
import Machine
import Synchronization
import Testing

@Suite("6: a dead file system: its files are not looked at")
struct DeadFileSystemTests {
    /// A tree in which looking at a file notes that it was done.
    private struct Watched: FileTree {
        let tree: FakeTree
        let looked = Looked()
        var isLive: Bool { false }
        func display(_ path: String) -> String { path }
        func read(_ path: String) throws(InspectionError) -> [UInt8]? { try tree.read(path) }
        func list(_ path: String) throws(InspectionError) -> [String]? { try tree.list(path) }
        func realPath(_ path: String) -> String? { tree.realPath(path) }
        func linkTarget(_ path: String) -> String? { tree.linkTarget(path) }
        func deviceNumber(_ path: String) -> String? {
            looked.paths.withLock { $0.append(path) }
            return tree.numbers[path]
        }
    }

    private final class Looked: Sendable { let paths = Mutex<[String]>([]) }

    @Test("only an open file of a file system of this host is looked at, whatever its link says")
    func open() {
        var tree = FakeTree([
            "/proc/7/mountinfo": """
            22 1 0:5 / /dev rw - devtmpfs udev rw
            23 1 0:44 / /net rw shared:1 - nfs4 server:/x rw
            24 1 0:45 / /home rw - fuse.sshfs host: rw

            """,
            "/sys/bus/dax/devices/dax0.0/dev": "252:3\n",
        ])
        // The last mount was detached (umount -l): no table has it.
        let files = [
            ("0", "/dev/pts/1", "22"), ("1", "/net/a", "23"), ("2", "/home/b", "24"), ("3", "/c", "99"),
            ("4", "socket:[7]", "9"), ("5", "/net/dax0.0", "23"), ("6", "/dev/other", "22"),
        ]
        for (entry, target, mount) in files {
            tree.links["/proc/7/fd/\(entry)"] = target
            tree["/proc/7/fdinfo/\(entry)"] = "pos:\t0\nflags:\t02\nmnt_id:\t\(mount)\nino:\t4\n"
        }
        tree.numbers = ["/proc/7/fd/6": "252:3"]
        tree["/proc/7/maps"] = """
            1000-2000 rw-s 0 00:2c 5    /net/a
            2000-3000 rw-s 0 00:05 5    /dev/other
            3000-4000 r--p 0 00:05 5    /dev/other

            """
        tree.numbers["/proc/7/map_files/2000-3000"] = "252:3"
        let watched = Watched(tree: tree)
        let use = DaxFiles(tree: watched, devices: ["dax0.0"], table: ProcessTable(tree: watched)).used(by: "7")
        #expect(
            Set(watched.looked.paths.withLock { $0 })
                == ["/proc/7/fd/0", "/proc/7/fd/6", "/proc/7/map_files/2000-3000"]
        )
        // On a dead file system the name is all there is; a device that is not one is the error that does no harm.
        #expect(use.opened == ["/proc/7/fd/5": "dax0.0", "/proc/7/fd/6": "dax0.0"])
        #expect(use.mapped == ["/proc/7/map_files/2000-3000": "dax0.0"])
    }
}
