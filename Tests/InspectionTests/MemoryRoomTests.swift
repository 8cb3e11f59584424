import Inspection
import Machine
import Testing

@Suite("What memory there is to spare")
struct MemoryRoomTests {
    private func room(_ texts: [String: String]) throws -> MemoryRoom? {
        var tree = FakeTree(texts)
        tree["/sys/devices/system/memory/block_size_bytes"] = "8000000\n"
        return try Inspector(tree: tree, log: FakeLog()).read().memory.room
    }

    @Test("the host's and each node's, with huge pages apart")
    func nodes() throws {
        let node = "/sys/devices/system/node/node1"
        let room = try room([
            "/proc/meminfo": "MemTotal:  1000 kB\nMemAvailable:   600 kB\nSwapFree:       50 kB\nHugePages_Free:  0\n",
            "\(node)/meminfo": "Node 1 MemTotal:       65536 kB\nNode 1 MemFree:         8192 kB\n",
            "\(node)/hugepages/hugepages-2048kB/nr_hugepages": "10\n",
            "\(node)/hugepages/hugepages-2048kB/free_hugepages": "4\n",
        ])
        let expected = MemoryNode(
            number: 1,
            total: 64 << 20,
            free: 8 << 20,
            hugepagesUsed: 12 << 20,
            hugepagesFree: 8 << 20
        )
        #expect(room == MemoryRoom(available: 600 << 10, swapFree: 50 << 10, nodes: [expected]))
        #expect(expected.used == 48 << 20)
    }

    @Test(
        "what makes no sense is as if it were not there",
        arguments: ["", "MemAvailable: much kB\n", "MemAvailable:\n", "MemAvailable: 99999999999999999999 kB\n"]
    )
    func senseless(_ text: String) throws {
        #expect(try room(["/proc/meminfo": text]) == nil)
    }
}
