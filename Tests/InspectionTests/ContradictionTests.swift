import Foundation
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

/// A recorded machine that contradicts itself is refused with both facts: the file and the value of each.
@Suite struct ContradictionTests {
    private static let region = "/sys/bus/cxl/devices/region0"
    private static let dax = "/sys/bus/dax/devices/dax0.0"

    private func copy() throws -> CaptureRoot {
        try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first"))
    }

    /// The message with which a machine is refused after `path` says `text`.
    private func refusal(_ path: String, _ text: String) throws -> String {
        let root = try copy()
        try text.write(to: root.url(path), atomically: false, encoding: .utf8)
        return try message(failure(reading: root.path))
    }

    /// What is left of a path where links before it are resolved.
    private func end(of path: String) -> String { path.split(separator: "/").suffix(2).joined(separator: "/") }

    private func refusal(_ tree: FakeTree) throws -> String { try message(failure(tree)) }

    private func message(_ error: InspectionError?) throws -> String {
        let error = try #require(error)
        #expect(error.code == .badCapture && error.exitCode == 65)
        return error.message
    }

    @Test(
        "a number without its 0x, and one with 0x where the kernel writes none",
        arguments: [
            (region + "/resource", "24964497408"), (region + "/size", "536870912"), (region + "/resource", "5d0000000"),
            (dax + "/mapping0/start", "24964497408"), (dax + "/mapping0/end", "5efffffff"),
            ("/sys/bus/cxl/devices/decoder0.0/start", "24964497408"), ("/sys/firmware/memmap/1/end", "654335"),
            ("/sys/devices/system/memory/block_size_bytes", "134217728"),
            ("/sys/devices/system/memory/block_size_bytes", "0x8000000"),
        ]
    )
    func base(path: String, value: String) throws {
        let message = try refusal(path, value + "\n")
        #expect(message.contains(end(of: path)) && message.contains("\"\(value)\""))
    }

    @Test("a dax size in hexadecimal") func daxSize() throws {
        let tree = FakeTree([
            "/sys/devices/platform/hmem.0/dax0.0/resource": "0x5d0000000\n",
            "/sys/devices/platform/hmem.0/dax0.0/size": "0x20000000\n",
        ])
        var linked = tree
        linked.links = [Self.dax: "/sys/devices/platform/hmem.0/dax0.0"]
        #expect(try refusal(linked).contains("\"0x20000000\" is not decimal"))
    }

    @Test("memory blocks of a size that is no power of two") func blockSize() throws {
        let message = try refusal("/sys/devices/system/memory/block_size_bytes", "c000000\n")
        #expect(message.contains("block_size_bytes") && message.contains("\"c000000\"") && message.contains("power"))
    }

    @Test(
        "addresses past 2^52",
        arguments: [
            (region + "/resource", "0x10000000000000"), (dax + "/mapping0/end", "0x10000000000000"),
            ("/sys/bus/cxl/devices/decoder0.0/start", "0xffffffff00000000"),
        ]
    )
    func pastTheEnd(path: String, value: String) throws {
        let message = try refusal(path, value + "\n")
        #expect(message.contains(end(of: path)) && message.contains("0xfffffffffffff,"))
    }

    /// What is odd about a machine, each a sentence; a running one lives with its firmware.
    private func oddities(_ tree: FakeTree) throws -> [String] {
        var live = tree
        live.isLive = true
        #expect(try Inspector(tree: live, log: FakeLog()).read().material.isEmpty)
        return try Inspector(tree: tree, log: FakeLog()).read().material.oddities
    }

    @Test("addresses past 2^52 in what the firmware says are odd") func tables() throws {
        let window = TableBytes.table("CEDT", TableBytes.window(base: 1 << 52, size: 1 << 30))
        var tree = FakeTree()
        tree.files["/sys/firmware/acpi/tables/CEDT"] = window
        #expect(try oddities(tree).contains { $0.contains("tables/CEDT: 0x10000000000000-") })
        tree = FakeTree()
        tree.files["/sys/firmware/acpi/tables/HMAT"] = TableBytes.table("HMAT", [])
        tree.files["/sys/firmware/acpi/tables/SRAT"] = TableBytes.srat(
            TableBytes.memory(domain: 0, base: 1 << 60, size: 1 << 20)
        )
        #expect(try oddities(tree).isEmpty, "no Soft Reserved memory is there")
        tree = FakeTree([
            "/proc/iomem": "00100000-3ffdffff : System RAM\n",
            "/proc/cmdline": "memmap=1G%0x10000000000000+0xefffffff\n",
        ])
        #expect(try oddities(tree).contains { $0.contains("0x10000000000000-") && $0.contains("52 bits") })
        let map = "/sys/firmware/memmap/0"
        tree = FakeTree(["\(map)/start": "0x0\n", "\(map)/end": "0xffffffffffffffff\n", "\(map)/type": "Reserved\n"])
        #expect(try oddities(tree).contains { $0.contains("CAPTURE\(map): 0x0-0xffffffffffffffff") })
    }

    @Test("windows that overlap, in iomem and in the CEDT, are odd") func windows() throws {
        let one = "5d0000000-6cfffffff : CXL Window 0\n", other = "  600000000-6cfffffff : CXL Window 1\n"
        let both = FakeTree(["/proc/iomem": one + other].merging(FakeTree.rootDecoder) { own, _ in own })
        let message = try #require(try oddities(both).first)
        #expect(message.contains("CXL Window 0 at 0x5d0000000-0x6cfffffff"))
        #expect(message.contains("CXL Window 1 at 0x600000000-0x6cfffffff"))
        var tree = FakeTree()
        tree.files["/sys/firmware/acpi/tables/CEDT"] = TableBytes.table(
            "CEDT",
            TableBytes.window(base: 0x5_d000_0000, size: 1 << 30)
                + TableBytes.window(base: 0x5_e000_0000, size: 1 << 30)
        )
        let second = try #require(try oddities(tree).first)
        #expect(second.contains("0x5d0000000-0x60fffffff") && second.contains("0x5e0000000-0x61fffffff"))
        #expect(second.contains("CAPTURE/sys/firmware/acpi/tables/CEDT"))
    }

    private func regions(_ iomem: String, _ places: [(start: String, size: String)]) -> FakeTree {
        var tree = FakeTree(["/proc/iomem": iomem])
        for (number, place) in places.enumerated() {
            for (path, text) in FakeTree.region(number, place.start, place.size) { tree[path] = text }
        }
        return tree
    }

    @Test("two regions that overlap") func regionsOverlap() throws {
        let tree = regions(
            "5d0000000-6cfffffff : CXL Window 0\n",
            [("0x5d0000000", "0x20000000"), ("0x5e0000000", "0x20000000")]
        )
        let message = try refusal(tree)
        #expect(message.contains("region0 is 0x5d0000000-0x5efffffff"))
        #expect(message.contains("region1 is 0x5e0000000-0x5ffffffff"))
    }

    @Test("a region while no window is there, though the CEDT has one") func regionWithoutWindow() throws {
        var tree = regions("5d0000000-5efffffff : Soft Reserved\n", [("0x5d0000000", "0x20000000")])
        tree.files["/sys/firmware/acpi/tables/CEDT"] = TableBytes.table(
            "CEDT",
            TableBytes.window(base: 0x5_d000_0000, size: 1 << 32)
        )
        let message = try refusal(tree)
        #expect(message.contains("CAPTURE\(Self.region) is a region at 0x5d0000000-0x5efffffff"))
        #expect(message.contains("CAPTURE/proc/iomem has no CXL Window line"))
    }

    @Test("a dax device without a parent: its link leads nowhere, or it is below nothing that makes one")
    func parentless() throws {
        let root = try copy()
        let link = root.url(Self.dax).path
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "../../../devices/gone/dax0.0")
        #expect(try message(failure(reading: root.path)).contains("dax0.0: the link points to \"../../../devices/gone"))
        let tree = FakeTree(["\(Self.dax)/size": "0\n"])
        let second = try #require(try oddities(tree).first)
        #expect(second.contains("CAPTURE\(Self.dax) is a dax device") && second.contains("its path \(Self.dax)"))
    }

    @Test("a dax device of pmem, and one of an unknown driver on a running machine, are not ours")
    func otherDevices() {
        var tree = FakeTree(["/sys/devices/platform/e820_pmem/ndbus0/region0/dax0.0/dax0.0/size": "0\n"])
        tree.links = [Self.dax: "/sys/devices/platform/e820_pmem/ndbus0/region0/dax0.0/dax0.0"]
        #expect(failure(tree) == nil)
        var live = FakeTree(["/sys/devices/novel0/dax0.0/size": "0\n"])
        live.links = [Self.dax: "/sys/devices/novel0/dax0.0"]
        live.isLive = true
        #expect(failure(live) == nil)
    }

    @Test("two devices of one dax region that overlap") func twins() throws {
        var tree = FakeTree()
        for name in ["dax0.0", "dax0.1"] {
            tree["/sys/devices/hmem.0/\(name)/mapping0/start"] = "0x5d0000000\n"
            tree["/sys/devices/hmem.0/\(name)/mapping0/end"] = "0x5dfffffff\n"
            tree.links["/sys/bus/dax/devices/\(name)"] = "/sys/devices/hmem.0/\(name)"
        }
        tree.links["/sys/bus/platform/devices/hmem.0"] = "/sys/devices/hmem.0"
        let message = try refusal(tree)
        #expect(message.contains("dax0.0 is 0x5d0000000-0x5dfffffff, but dax0.1"))
    }

    @Test("an iomem with ten thousand lines inside each other: those that are too deep are told") func depth() throws {
        let line = "5d0000000-5efffffff : Soft Reserved\n"
        let tree = FakeTree(["/proc/iomem": String(repeating: line, count: 10_000)])
        let remarks = try Inspector(tree: tree, log: FakeLog()).read().material.notUnderstood
        #expect(remarks.count == 9_936 && remarks.first?.line == 65)
    }
}
