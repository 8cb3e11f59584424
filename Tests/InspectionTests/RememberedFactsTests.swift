import Foundation
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

/// Facts of this boot that only daxswitch's own file still has, and the hold.
@Suite struct RememberedFactsTests {
    private let regions = [
        (0x5_d000_0000 as UInt64, true), (0x5_f000_0000, false),
    ].compactMap { start, locked in
        AddressRange(start: start, size: 512 << 20).map { RememberedRegion(range: $0, locked: locked) }
    }

    private var decoders: RememberedDecoders {
        RememberedDecoders(regions: regions, decoded: regions.filter(\.locked).map(\.range))
    }

    private func machine(_ moment: String, _ document: (_ bootID: String) -> [UInt8]) throws -> CaptureRoot {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-acpi-out", moment))
        let id = try String(contentsOf: copy.url("/proc/sys/kernel/random/boot_id"), encoding: .utf8)
        let url = copy.url(RememberedFacts.path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(document(id.trimmingCharacters(in: .whitespacesAndNewlines))).write(to: url)
        return copy
    }

    @Test("what is written is read again", arguments: [nil, .pending, .done] as [InitialProbe?])
    func roundTrip(probe: InitialProbe?) throws {
        let facts = RememberedFacts(
            bootID: "3b1f8c2e-0000-4a5b-8c6d-1234567890ab",
            initialProbe: probe,
            decoders: decoders
        )
        #expect(RememberedFacts(parsing: facts.serialized()) == facts)
        let text = String(decoding: facts.serialized(), as: UTF8.self)
        #expect(
            text.contains("\"start\":\"0x5d0000000\"") && text.contains("\"end\":\"0x5efffffff\"")
                && text.hasSuffix("}\n")
        )
    }

    /// A region with two dax devices, as text that can be changed.
    private func withDevices() throws -> String {
        var layout = RegionLayout(name: "region0", range: regions[0].range, granularity: 256, targets: [])
        let half = try #require(AddressRange(start: layout.range.start + 0x1000_0000, size: 0x1000_0000))
        layout.devices = [
            RegionDevice(
                ranges: [try #require(AddressRange(start: layout.range.start, size: 0x1000_0000))],
                driver: "device_dax"
            ),
            RegionDevice(ranges: [half], driver: "kmem", online: [OnlineMemory(range: half, zone: "Movable")]),
        ]
        let region = RememberedRegion(range: layout.range, locked: false, layout: layout)
        let facts = RememberedFacts(
            bootID: "3b1f8c2e",
            initialProbe: nil,
            decoders: RememberedDecoders(regions: [region], decoded: [])
        )
        #expect(RememberedFacts(parsing: facts.serialized()) == facts)
        return String(decoding: facts.serialized(), as: UTF8.self)
    }

    @Test(
        "dax devices are read again; with bytes of another one, outside of the region, of a driver or memory that can't be, nothing is",
        arguments: [
            ("\"driver\":\"device_dax\"", "\"driver\":\"nvme\""),
            ("\"end\":\"0x5dfffffff\"", "\"end\":\"0x5e0000fff\""),
            ("\"start\":\"0x5d0000000\"}]", "\"start\":\"0x5c0000000\"}]"),
            ("\"driver\":\"kmem\"", "\"driver\":\"device_dax\""),
            ("\"driver\":\"kmem\",\"idle\":false", "\"driver\":\"kmem\",\"idle\":true"),
            ("\"start\":\"0x5e0000000\",\"zone\"", "\"start\":\"0x5d0000000\",\"zone\""),
            ("\"ranges\":[{\"end\":\"0x5dfffffff\",\"start\":\"0x5d0000000\"}]", "\"ranges\":[]"),
        ]
    )
    func devices(part: String, forged: String) throws {
        let text = try withDevices()
        #expect(text.contains(part), "\(text)")
        #expect(RememberedFacts(parsing: Array(text.replacing(part, with: forged).utf8)) == nil)
    }

    @Test("the bytes of a device that dax_hmem was unbound from are read again, and none where an older file has none")
    func unbound() throws {
        let range = regions[0].range
        let root = try TestCaptures.copy(
            TestCaptures.root(kernel: "7.3.4-lab", scenario: "handed-over", "hmem-unbound")
        )
        let id = try String(contentsOf: root.url("/proc/sys/kernel/random/boot_id"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        var facts = RememberedFacts(bootID: id, initialProbe: nil, decoders: nil, unboundHmem: ["hmem.0": range])
        #expect(RememberedFacts(parsing: facts.serialized()) == facts)
        try root.write(String(decoding: facts.serialized(), as: UTF8.self), to: RememberedFacts.path)
        #expect(try Inspector(root: root.path).read().hmemDevices.map(\.rangeWhenBound) == [range])
        facts.unboundHmem = [:]
        let older = String(decoding: facts.serialized(), as: UTF8.self).replacing(",\"unbound_hmem\":{}", with: "")
        #expect(!older.contains("hmem") && RememberedFacts(parsing: Array(older.utf8)) == facts)
        try root.write(older, to: RememberedFacts.path)
        #expect(try Inspector(root: root.path).read().hmemDevices.map(\.rangeWhenBound) == [nil])
    }

    @Test("facts of this boot, while cxl_acpi is not loaded") func thisBoot() throws {
        let root = try machine("acpi-out") {
            RememberedFacts(bootID: $0, initialProbe: .pending, decoders: decoders).serialized()
        }
        let state = try Inspector(root: root.path).read()
        #expect(state.remembered == decoders)
        #expect(state.initialProbe.value == .pending)
        #expect(state.initialProbe.evidence.first?.contains("regions.json") == true)
    }

    @Test("what is seen is not remembered, and a proof counts more") func seen() throws {
        let root = try machine("cxl-owned") {
            RememberedFacts(bootID: $0, initialProbe: .pending, decoders: decoders).serialized()
        }
        let state = try Inspector(root: root.path).read()
        #expect(state.remembered == nil)
        #expect(state.initialProbe.value == .done)
    }

    @Test("facts of another boot don't count") func otherBoot() throws {
        let root = try machine("acpi-out") { _ in
            let id = "00000000-0000-4000-8000-000000000000"
            return RememberedFacts(bootID: id, initialProbe: .done, decoders: decoders).serialized()
        }
        let state = try Inspector(root: root.path).read()
        #expect(state.remembered == nil && state.initialProbe.value == .unknown)
    }

    @Test(
        "a file that is not ours is an error and not silence",
        arguments: [
            "", "{}", "[]", "{\"boot_id\":1,\"decoders\":null}",
            "{\"boot_id\":\"x\",\"initial_probe\":\"maybe\",\"decoders\":null}",
            "{\"boot_id\":\"x\",\"decoders\":{\"decoded\":[]}}",
            "{\"boot_id\":\"x\",\"decoders\":{\"decoded\":[],\"regions\":[{\"start\":\"2\",\"end\":\"1\",\"locked\":true}]}}",
            "{\"boot_id\":\"x\",\"decoders\":null,\"unbound_hmem\":{\"hmem.0\":{\"start\":\"2\",\"end\":\"1\"}}}",
            "{\"boot_id\":\"x\",\"decoders\":{\"decoded\":[{\"start\":\"two\",\"end\":\"0x1\"}],\"regions\":[]}}",
            "{\"boot_id\":\"x\",\"decoders\":null,\"unfinished_region\":\"../region0\"}",
            "{\"boot_id\":\"x\",\"decoders\":null,\"unfinished_region\":\"region0\",\"unfinished_parts\":"
                + "[{\"serial\":\"one\",\"path\":\"p\",\"decoder\":0,\"size\":\"0x1\"}]}",
            "{\"boot_id\":\"x\",\"decoders\":null,\"unbound_hmem\":{\"../hmem\":{\"start\":\"1\",\"end\":\"2\"}}}",
        ]
    )
    func foreign(text: String) throws {
        let root = try machine("acpi-out") { _ in Array(text.utf8) }
        #expect(failure(reading: root.path)?.message.contains(RememberedFacts.path) == true)
    }

    @Test("cut off at any byte, or other bytes in it: an error that names the file") func damaged() throws {
        let facts = RememberedFacts(bootID: "3b1f8c2e", initialProbe: .done, decoders: decoders)
        let bytes = facts.serialized()
        var tree = FakeTree(["/proc/sys/kernel/random/boot_id": "3b1f8c2e\n"])
        tree.files[RememberedFacts.path] = bytes
        #expect(failure(tree) == nil)
        // Without the line end alone it is whole.
        for length in 0..<bytes.count - 1 {
            tree.files[RememberedFacts.path] = Array(bytes[..<length])
            #expect(failure(tree)?.message.contains(RememberedFacts.path) == true, "\(length) bytes")
        }
        for rubbish in [[0xff, 0xfe, 0], [UInt8](repeating: 0, count: 4096), bytes + [0xff], [0x80] + bytes] {
            tree.files[RememberedFacts.path] = rubbish
            #expect(failure(tree)?.message.contains(RememberedFacts.path) == true)
        }
    }

    @Test("the hold") func hold() throws {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-acpi-out", "acpi-out"))
        try copy.write("softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false\n", to: Inspector.holdPath)
        #expect(try Inspector(root: copy.path).read().isHeld)
    }

    @Test("a region that is begun is read again with its decoders; without them it is no fact") func unfinished() throws
    {
        let device = MemdevIdentity(serial: "0x1", path: "pci0000:34/0000:34:00.0/0000:35:00.0")
        let parts = [UnfinishedRegion.Part(device: device, decoder: 1, size: 0x1000_0000)]
        let facts = RememberedFacts(
            bootID: "3b1f8c2e",
            initialProbe: nil,
            decoders: nil,
            unfinishedRegion: UnfinishedRegion(name: "region0", parts: parts)
        )
        #expect(RememberedFacts(parsing: facts.serialized()) == facts)
        let bare = "{\"boot_id\":\"3b1f8c2e\",\"decoders\":null,\"unfinished_region\":\"region0\"}"
        #expect(RememberedFacts(parsing: Array(bare.utf8)) == nil)
    }
}
