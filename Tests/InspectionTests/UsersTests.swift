import Foundation
import Inspection
import Iomem
import Machine
import Testing

@Suite("Who uses dax devices and persistent memory")
struct UsersTests {
    /// A live machine with dax0.0 as character device 252:3.
    private func tree(_ texts: [String: String], _ links: [String: String] = [:], numbers: [String: String] = [:])
        -> FakeTree
    {
        var tree = FakeTree(texts)
        let device = "/sys/devices/platform/hmem.0/dax0.0"
        tree["\(device)/size"] = "536870912"
        tree["\(device)/resource"] = "0x5d0000000"
        tree["\(device)/dev"] = "252:3\n"
        tree["\(device)/driver"] = ""
        tree["/sys/devices/platform/hmem.0/x"] = ""
        tree.links["/sys/bus/dax/devices/dax0.0"] = device
        tree.links["\(device)/driver"] = "/sys/bus/dax/drivers/device_dax"
        tree["/sys/bus/dax/drivers/device_dax/module"] = ""
        tree.links["/sys/bus/platform/devices/hmem.0"] = "/sys/devices/platform/hmem.0"
        for (path, target) in links { tree.links[path] = target }
        tree.numbers = numbers
        return tree
    }

    private func users(_ tree: FakeTree) throws -> [DaxUser] {
        try Inspector(tree: tree, log: FakeLog()).read().daxDevices.flatMap(\.users)
    }

    @Test("in another mount namespace, under another name: the number tells")
    func otherName() throws {
        let tree = tree(
            [
                "/proc/7/comm": "db\n", "/proc/7/fdinfo/3": "pos:\t0\nmnt_id:\t22\nino:\t9\n",
                "/proc/7/mountinfo": "22 1 0:5 / /srv rw - devtmpfs udev rw\n",
                "/proc/7/maps":
                    "00400000-7f0000 r--p 0 00:05 9  /bin/db\n00700000-7f20000000 rw-s 0 00:05 9  /srv/pool\n",
            ],
            ["/proc/7/fd/3": "/srv/pool", "/proc/7/map_files/700000-7f20000000": "/srv/pool"],
            numbers: ["/proc/7/fd/3": "252:3", "/proc/7/map_files/700000-7f20000000": "252:3"]
        )
        #expect(try users(tree) == [DaxUser(pid: 7, command: "db", isMapped: true)])
    }

    @Test("another device under the same path is another device")
    func otherDevice() throws {
        let tree = tree(
            [
                "/proc/7/comm": "db\n", "/proc/7/fdinfo/3": "mnt_id:\t22\n",
                "/proc/7/mountinfo": "22 1 0:5 / /dev rw - tmpfs none rw\n",
            ],
            ["/proc/7/fd/3": "/dev/dax0.0"],
            numbers: ["/proc/7/fd/3": "1:3"]
        )
        #expect(try users(tree).isEmpty)
    }

    @Test("in a recording the path tells, open as well as mapped")
    func byPath() throws {
        let tree = tree(
            [
                "/proc/7/comm": "db\n", "/proc/8/comm": "tool\n",
                "/proc/8/maps": "1000-2000 rw-s 0 00:05 9  /dev/dax0.0\n",
            ],
            ["/proc/7/fd/3": "/dev/dax0.0"]
        )
        #expect(
            try users(tree) == [
                DaxUser(pid: 7, command: "db", isMapped: false), DaxUser(pid: 8, command: "tool", isMapped: true),
            ]
        )
    }

    @Test(
        "a process that may not be looked at: the users are not known, those that are seen are named",
        arguments: [("/proc/8/fd", false), ("/proc/8/maps", false), ("/proc/9/fd", true)]
    )
    func hidden(path: String, isKnown: Bool) throws {
        var tree = tree(
            ["/proc/7/comm": "db\n", "/proc/8/comm": "tool\n", "/proc/8/fd/0": "", "/proc/8/maps": ""],
            ["/proc/7/fd/3": "/dev/dax0.0"]
        )
        tree.hidden = [path]
        let device = try #require(try Inspector(tree: tree, log: FakeLog()).read().daxDevices.first)
        #expect(device.usersAreKnown == isKnown)
        #expect(device.users == [DaxUser(pid: 7, command: "db", isMapped: false)])
    }

    @Test("/proc that hides the processes of others: the users are not known", arguments: [true, false])
    func hidepid(showsInit: Bool) throws {
        var tree = tree(["/proc/\(ProcessInfo.processInfo.processIdentifier)/comm": "daxswitch\n"])
        if showsInit { tree["/proc/1/comm"] = "systemd\n" }
        tree.isLive = true
        #expect(try Inspector(tree: tree, log: FakeLog()).read().daxDevices.first?.usersAreKnown == showsInit)
    }

    private let region = "/sys/devices/ndbus0/region0"

    private func pmem(_ texts: [String: String], links: [String: String] = [:]) throws -> [PmemNamespace]? {
        var tree = FakeTree(texts)
        tree["\(region)/resource"] = "0x680000000\n"
        tree["\(region)/size"] = "268435456\n"
        for (path, target) in links { tree.links[path] = target }
        return try Inspector(tree: tree, log: FakeLog()).read().pmem
    }

    @Test("an active namespace, with what is mounted from it in any mount namespace and what stands on it")
    func active() throws {
        let found = try pmem(
            [
                "\(region)/namespace0.0/block/pmem0/dev": "259:1\n",
                "\(region)/namespace0.0/block/pmem0/holders/dm-0": "",
                "/proc/9/mountinfo":
                    "30 1 259:1 / /data rw - ext4 /dev/pmem0 rw\n31 1 8:1 / / rw - ext4 /dev/sda1 rw\n",
                "/sys/bus/nd/drivers/nd_pmem/x": "", "\(region)/namespace0.1/mode": "",
            ],
            links: [
                "/sys/bus/nd/devices/namespace0.0": "\(region)/namespace0.0",
                "/sys/bus/nd/devices/namespace0.1": "\(region)/namespace0.1",
                "\(region)/namespace0.0/driver": "/sys/bus/nd/drivers/nd_pmem",
            ]
        )
        #expect(found?.map(\.name) == ["namespace0.0"])
        #expect(found?[0].range?.start == 0x6_8000_0000)
        #expect(found?[0].users == ["pmem0 is mounted at /data", "dm-0 holds pmem0"])
    }

    @Test("without libnvdimm there is no pmem; with it and nothing recorded, nothing is known")
    func unknown() throws {
        #expect(try pmem([:]) == [])
        #expect(try pmem(["/proc/modules": "libnvdimm 1 0 - Live 0xffffffffc0000000\n"]) == nil)
    }

    @Test("udev rules that put memory online; a file in /etc hides the one of the same name")
    func onliningRules() throws {
        let rule = "ACTION==\"add\", SUBSYSTEM==\"memory\", ATTR{state}==\"offline\", ATTR{state}=\"online\"\n"
        let tree = tree([
            "/sys/devices/system/memory/block_size_bytes": "8000000\n",
            "/usr/lib/udev/rules.d/40-memory.rules": rule, "/usr/lib/udev/rules.d/50-other.rules": rule,
            "/etc/udev/rules.d/40-memory.rules": "# \(rule)",
        ])
        let rules = try Inspector(tree: tree, log: FakeLog()).read().memory.onliningRules
        #expect(rules == ["/usr/lib/udev/rules.d/50-other.rules"])
    }
}
