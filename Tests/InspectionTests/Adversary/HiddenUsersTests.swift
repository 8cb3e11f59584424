import Foundation
import Glibc
import Inspection
import LinuxSystem
import Machine
import TestProcesses
import Testing

@Suite("10: users of a dax device that are hard to see")
struct HiddenUsersTests {
    /// The processes of this host, with a dax device that has the number of `/dev/zero`.
    private struct Host: FileTree {
        let tree = DirectoryTree(root: "/")
        var isLive: Bool { true }
        func display(_ path: String) -> String { path }
        func read(_ path: String) throws(InspectionError) -> [UInt8]? {
            path == "/sys/bus/dax/devices/dax0.0/dev" ? Array("1:5\n".utf8) : try tree.read(path)
        }
        func list(_ path: String) throws(InspectionError) -> [String]? { try tree.list(path) }
        func realPath(_ path: String) -> String? { tree.realPath(path) }
        func linkTarget(_ path: String) -> String? { tree.linkTarget(path) }
        func deviceNumber(_ path: String) -> String? { tree.deviceNumber(path) }
        func sharesDescriptors(_ task: String, with other: String) -> Bool {
            tree.sharesDescriptors(task, with: other)
        }
    }

    private func use(of process: pid_t) -> DaxUse {
        let host = Host()
        return DaxFiles(tree: host, devices: ["dax0.0"], table: ProcessTable(tree: host)).used(by: "\(process)")
    }

    @Test("a thread has it open: its main thread has ended, or knows nothing of it", arguments: [true, false])
    func thread(leaderEnds: Bool) throws {
        let process = unsafe test_start_hidden_user("/dev/zero", leaderEnds ? 1 : 0)
        try #require(process > 0)
        defer {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        let leader = try DirectoryTree(root: "/").list("/proc/\(process)/fd") ?? []
        #expect(!leader.contains { DirectoryTree(root: "/").linkTarget("/proc/\(process)/fd/\($0)") == "/dev/zero" })
        #expect(Set(use(of: process).opened.values) == ["dax0.0"])
    }

    @Test("threads that share their descriptors are looked at once") func shared() {
        let host = Host()
        let own = "\(getpid())"
        let others = ProcessTable(tree: host).tasks(of: own).tasks.dropFirst()
        #expect(!others.isEmpty)
        #expect(others.allSatisfy { host.sharesDescriptors(own, with: $0.number) })
        #expect(!host.sharesDescriptors(own, with: "\(getppid())"))
    }

    /// A recorded machine with dax0.0, of which process 7 has what `texts` and `links` say.
    private func users(_ texts: [String: String], _ links: [String: String] = [:]) throws -> [DaxUser] {
        var tree = FakeTree(texts)
        let device = "/sys/devices/platform/hmem.0/dax0.0"
        tree["/proc/7/comm"] = "db\n"
        tree["\(device)/size"] = "536870912"
        tree["\(device)/resource"] = "0x5d0000000"
        tree["/sys/devices/platform/hmem.0/x"] = ""
        tree["/sys/bus/dax/drivers/device_dax/module"] = ""
        tree.links["/sys/bus/dax/devices/dax0.0"] = device
        tree.links["\(device)/driver"] = "/sys/bus/dax/drivers/device_dax"
        tree.links["/sys/bus/platform/devices/hmem.0"] = "/sys/devices/platform/hmem.0"
        for (path, target) in links { tree.links[path] = target }
        return try Inspector(tree: tree, log: FakeLog()).read().daxDevices.flatMap(\.users)
    }

    @Test("a recording with tasks: open in one whose main thread has ended, mapped in another")
    func recorded() throws {
        let opened = try users([:], ["/proc/7/task/9/fd/3": "/dev/dax0.0"])
        #expect(opened == [DaxUser(pid: 7, command: "db", isMapped: false)])
        let mapped = try users(["/proc/7/task/9/maps": "1000-2000 rw-s 0 00:05 9  /dev/dax0.0\n"])
        #expect(mapped == [DaxUser(pid: 7, command: "db", isMapped: true)])
    }

    @Test(
        "the mapping before has a name that joins lines or words, where text is split by Character",
        arguments: ["/tmp/a\r", "/tmp/\u{301}", "/tmp/a \u{301}", "/tmp/a\u{2028}"]
    )
    func names(name: String) throws {
        let line = "2000-3000 rw-s 0 00:05 9                          /dev/dax0.0\n"
        let found = try users(["/proc/7/maps": "1000-2000 rw-s 0 08:01 5                          \(name)\n\(line)"])
        #expect(found == [DaxUser(pid: 7, command: "db", isMapped: true)])
    }

    @Test("a file whose name only begins like the device's is another file", arguments: ["\r", "\u{301}", " ", "x"])
    func otherName(end: String) throws {
        #expect(try users(["/proc/7/maps": "2000-3000 rw-s 0 00:05 9  /dev/dax0.0\(end)\n"]).isEmpty)
    }

    @Test("a device node that was removed is still the device") func removed() throws {
        #expect(try users([:], ["/proc/7/fd/3": "/dev/dax0.0 (deleted)"]).count == 1)
    }

    @Test("what is mounted in a thread's own namespace counts") func threadMounts() throws {
        let region = "/sys/devices/ndbus0/region0"
        var tree = FakeTree([
            "\(region)/resource": "0x680000000\n", "\(region)/size": "268435456\n",
            "\(region)/namespace0.0/block/pmem0/dev": "259:1\n", "/sys/bus/nd/drivers/nd_pmem/x": "",
            "/proc/9/mountinfo": "", "/proc/9/task/12/mountinfo": "30 1 259:1 / /a\r rw - ext4 /dev/pmem0 rw\n",
        ])
        tree.links["/sys/bus/nd/devices/namespace0.0"] = "\(region)/namespace0.0"
        tree.links["\(region)/namespace0.0/driver"] = "/sys/bus/nd/drivers/nd_pmem"
        let pmem = try Inspector(tree: tree, log: FakeLog()).read().pmem
        #expect(pmem?.first?.users == ["pmem0 is mounted at /a\r"])
    }
}
