import Foundation
import Inspection
import Machine
import TestCaptures
import Testing

/// A recording of which a part was lost is refused, and the message names the part.
@Suite struct CompletenessTests {
    /// What is lost, of which moment, and what the message calls it where that is not the same.
    struct Loss: Sendable, CustomTestStringConvertible {
        var moment: String
        var path: String
        var named: String
        init(_ moment: String, _ path: String, named: String? = nil) {
            self.moment = moment
            self.path = path
            self.named = named ?? path
        }
        var testDescription: String { "\(moment) \(path)" }
    }

    private static let region = "/sys/devices/platform/ACPI0017:00/root0/decoder0.0/region0"
    private static let blocks = "/sys/devices/system/memory"

    static let losses =
        ["/sys/bus/platform/devices", "/sys/module", "/proc/cmdline", "/proc/sys/kernel/modprobe"].map {
            Loss("7.3.4 locked-switch acpi-out", $0)
        } + [
            Loss("7.3.4 locked-switch cxl-owned", "/sys/bus/cxl"),
            Loss(
                "6.12.107 auto-reload dax_cxl-removed",
                "/sys/bus/cxl/devices",
                named: "/sys/bus/cxl/devices/decoder0.*"
            ),
            Loss("6.12.107 auto-reload dax_cxl-removed", "/sys/bus/cxl/devices/region0"),
            Loss("7.3.4 locked-switch cxl-owned", "/sys/bus/cxl/devices/decoder2.0"),
            Loss("7.3.4 locked-switch cxl-owned", "/sys/bus/dax", named: "/sys/bus/dax/devices/dax0.0"),
            Loss("7.3.4 locked-switch hmem-owned", "/sys/bus/dax", named: "/sys/bus/dax/devices/dax0.0"),
            Loss("6.1.0-50-amd64 auto-hmem-elsewhere hmem-first", "/sys/bus/dax/devices/dax0.0"),
            Loss("7.3.4 locked-switch cxl-owned", "\(region)/commit"),
            Loss("7.3.4 locked-switch cxl-owned", "\(region)/size"),
            Loss("7.3.4 locked-switch cxl-owned", "\(region)/mode", named: "/region0/mode"),
            Loss("7.3.4 locked-switch cxl-owned", "\(region)/target0", named: "/region0/target0"),
            Loss("6.12.107 auto-reload dax_cxl-removed", "\(region)/dax_region0", named: "/dax_region0"),
            Loss("7.3.4 auto-kmem kmem-offlined", "\(region)/dax_region0/dax0.0/driver", named: "/dax0.0/driver"),
            Loss("7.3.4 auto-kmem kmem-offlined", "/sys/devices/system/memory"),
            Loss("7.3.4 auto-kmem kmem-offlined", "\(blocks)/memory187", named: "0x5d8000000-0x5dfffffff"),
            Loss("7.3.4 auto-kmem kmem-offlined", "\(blocks)/auto_online_blocks"),
            Loss("7.3.4 locked-switch acpi-out", "/sys/firmware", named: "/sys/firmware/acpi/tables/CEDT"),
            Loss("7.3.4 locked-switch acpi-out", "/sys/firmware/acpi/tables/CEDT"),
            Loss("7.3.4 locked-switch acpi-out", "/sys/firmware/memmap/1"),
            Loss("7.3.4 locked-switch acpi-out", "/sys/firmware/memmap/1/type", named: "/sys/firmware/memmap/1"),
        ]

    @Test("what a running machine can lack as well is odd and no error") func odd() throws {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned"))
        try FileManager.default.removeItem(atPath: "\(copy.path)\(Self.region)/locked")
        let odd = try Inspector(root: copy.path).read().material.oddities
        #expect(odd.count == 1 && odd[0].contains("/region0/locked is missing, but"))
    }

    @Test("without any of sysfs, the devices are unknown") func noDevices() throws {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned"))
        try FileManager.default.removeItem(atPath: "\(copy.path)/sys")
        let machine = try Inspector(root: copy.path).read()
        #expect(machine.lacks(.daxDevices) && machine.lacks(.cxlDevices) && !machine.lacks(.modules))
    }

    @Test("what is lost is named, and what says so", arguments: losses) func named(loss: Loss) throws {
        let words = loss.moment.split(separator: " ").map(String.init)
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: words[0], scenario: words[1], words[2]))
        try FileManager.default.removeItem(atPath: copy.path + loss.path)
        let error = try #require(failure(reading: copy.path))
        #expect(error.code == .badCapture && error.exitCode == 65)
        #expect(error.message.contains(loss.named))
        #expect(
            ["is missing", "are missing", "lacks", "does not exist", "no such"].contains { error.message.contains($0) }
        )
    }

    @Test("without a map and without the log it is not known where Soft Reserved memory is") func noMap() throws {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "hmem-owned"))
        try FileManager.default.removeItem(at: copy.url("/sys/firmware/memmap"))
        #expect(failure(reading: copy.path) == nil, "the kernel log has the map as well")
        try FileManager.default.removeItem(at: copy.url("/dmesg"))
        #expect(failure(reading: copy.path)?.message.contains("/sys/firmware/memmap") == true)
    }

    @Test("memory that was unplugged leaves a gap in the map's numbers; the log tells it from an entry that was lost")
    func unplugged() throws {
        func entry(_ number: Int, _ start: String, _ end: String, _ type: String) -> [String: String] {
            let path = "/sys/firmware/memmap/\(number)"
            return ["\(path)/start": "\(start)\n", "\(path)/end": "\(end)\n", "\(path)/type": "\(type)\n"]
        }
        let entries = [
            entry(0, "0x100000", "0x3ffdffff", "System RAM"), entry(2, "0x5d0000000", "0x5efffffff", "Soft Reserved"),
        ]
        let tree = FakeTree(entries.reduce(into: [:]) { all, one in all.merge(one) { own, _ in own } })
        let log = [
            "[    0.0] BIOS-provided physical RAM map:",
            "[    0.0] BIOS-e820: [mem 0x0000000000100000-0x000000003ffdffff]  System RAM",
            "[    0.0] BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff]  soft reserved",
        ]
        #expect(failure(tree, log: FakeLog(log)) == nil)
        let lost = log + ["[    0.0] BIOS-e820: [mem 0x0000000700000000-0x000000071fffffff]  System RAM"]
        for log in [[], lost, Array(log.dropFirst())] {
            let error = try #require(failure(tree, log: FakeLog(log)))
            #expect(error.code == .badCapture && error.message.contains("/sys/firmware/memmap/1"))
        }
        var live = tree
        live.isLive = true
        #expect(failure(live) == nil, "the kernel has whatever there is")
    }

    @Test("a table that the log names is there") func table() throws {
        let tree = FakeTree()
        let log = FakeLog([
            "[    0.004] ACPI: HMAT 0x000000003FFE2A10 000088 (v02 BOCHS  BXPC     00000001 BXPC 00000001)"
        ])
        #expect(failure(tree, log: log)?.message.contains("tables/HMAT") == true)
        var live = tree
        live.isLive = true
        #expect(failure(live, log: log) == nil, "a running machine lives with its firmware")
    }

    @Test("a region that goes while a running machine is read: read again, then to be tried again") func vanishing()
        throws
    {
        var tree = FakeTree(
            FakeTree.rootDecoder.merging(FakeTree.region(0, "0x5d0000000", "0x20000000")) { _, own in own }
        )
        tree["/proc/iomem"] = "5d0000000-6cfffffff : CXL Window 0\n  5d0000000-5efffffff : region0\n"
        tree.isLive = true
        let whole = try Inspector(tree: tree, log: FakeLog()).read()
        for attribute in ["resource", "size", "commit"] {
            tree.vanishesOnce = VanishingOnce("/sys/bus/cxl/devices/region0/\(attribute)")
            #expect(try Inspector(tree: tree, log: FakeLog()).read() == whole)
            #expect(tree.vanishesOnce?.hasVanished == true)
        }
        tree.vanished = ["/sys/bus/cxl/devices/region0/commit"]
        let error = try #require(failure(tree))
        #expect(error.code == .unstable && error.isRetryable && error.message.contains("region0/commit"))
    }
}
