import Inspection
import Iomem
import Machine
import Testing

/// Windows from the CEDT and from /proc/iomem.
@Suite struct WindowTests {
    private static let path = "/sys/firmware/acpi/tables/CEDT"
    private let base: UInt64 = 0x5_d000_0000
    private let size: UInt64 = 4 << 30

    private func windows(_ table: [UInt8], iomem: String? = nil) throws -> [Window] {
        var tree = FakeTree(iomem == nil ? [:] : FakeTree.rootDecoder)
        if let iomem { tree["/proc/iomem"] = iomem }
        tree.files[Self.path] = table
        return try Inspector(tree: tree, log: FakeLog()).read().windows
    }

    private func refusal(_ table: [UInt8]) throws -> String {
        var tree = FakeTree()
        tree.files[Self.path] = table
        let error = try #require(failure(tree))
        #expect(error.code == .badCapture)
        #expect(error.message.contains(Self.path))
        return error.message
    }

    @Test("windows of the table alone are not live") func tableOnly() throws {
        let table = TableBytes.table(
            "CEDT",
            TableBytes.hostBridge + TableBytes.window(base: base, size: size)
                + TableBytes.window(base: base + size, size: size, restrictions: 0x1f)
        )
        let windows = try windows(table)
        #expect(windows.map(\.range.start) == [base, base + size])
        #expect(windows.map(\.range.end) == [0x6_cfff_ffff, 0x7_cfff_ffff])
        #expect(windows.map(\.isFixed) == [false, true])
        #expect(windows.allSatisfy { !$0.isLive && $0.number == nil && $0.sources == [Self.path] })
    }

    @Test("the line in iomem and the table are one window") func live() throws {
        let table = TableBytes.table("CEDT", TableBytes.window(base: base, size: size, restrictions: 0x1f))
        let windows = try windows(table, iomem: "5d0000000-6cfffffff : CXL Window 3\n")
        #expect(windows.count == 1)
        #expect(windows.first?.number == 3 && windows.first?.isLive == true && windows.first?.isFixed == true)
        #expect(windows.first?.sources == ["/proc/iomem", Self.path])
    }

    @Test("a line that grew over a crossing resource keeps its own bytes") func grown() throws {
        let table = TableBytes.table("CEDT", TableBytes.window(base: base, size: size))
        let windows = try windows(table, iomem: "5d0000000-6dfffffff : CXL Window 0\n")
        #expect(windows.map(\.range.end) == [0x6_dfff_ffff])
    }

    @Test("while cxl_acpi is bound, a record without a line is no window: the kernel did not take it") func notShown()
        throws
    {
        let table = TableBytes.table(
            "CEDT",
            TableBytes.window(base: base, size: size) + TableBytes.window(base: 0x7_0000_0000, size: 1 << 30)
        )
        #expect(try windows(table).count == 2)
        #expect(try windows(table, iomem: "5d0000000-6cfffffff : CXL Window 0\n").map(\.range.start) == [base])
    }

    @Test("a line that grew over a second window is that one's too") func grownOver() throws {
        let table = TableBytes.table(
            "CEDT",
            TableBytes.window(base: base, size: size) + TableBytes.window(base: base + size, size: 256 << 20)
        )
        let windows = try windows(table, iomem: "5d0000000-6dfffffff : CXL Window 0\n")
        #expect(windows.map(\.number) == [0])
    }

    @Test("a line that was lost from a recording is odd, and named by its root decoder") func lineLost() throws {
        var tree = FakeTree(FakeTree.rootDecoder)
        for (path, text) in FakeTree.rootDecoder { tree[path.replacing("decoder0.0", with: "decoder0.1")] = text }
        tree["/sys/bus/cxl/devices/decoder0.1/start"] = "0x700000000\n"
        tree["/sys/bus/cxl/devices/decoder0.1/size"] = "0x40000000\n"
        tree.files[Self.path] = TableBytes.table(
            "CEDT",
            TableBytes.window(base: base, size: size) + TableBytes.window(base: 0x7_0000_0000, size: 1 << 30)
        )
        tree["/proc/iomem"] = "5d0000000-6cfffffff : CXL Window 0\n"
        let odd = try Inspector(tree: tree, log: FakeLog()).read().material.oddities
        #expect(odd.count == 1 && odd[0].contains("/proc/iomem has no CXL Window line"))
        #expect(odd[0].contains("0x700000000-0x73fffffff") && odd[0].contains("root decoder"))
        tree["/proc/iomem"]? += "700000000-73fffffff : CXL Window 1\n"
        #expect(try Inspector(tree: tree, log: FakeLog()).read().material.isEmpty)
    }

    @Test("damage names the table and the offset") func damage() throws {
        let window = TableBytes.window(base: base, size: size)
        let good = TableBytes.table("CEDT", window)
        #expect(try refusal([]).contains("offset 0"))
        #expect(try refusal(Array(good.dropLast())).contains("offset 4"))
        var zero = good
        zero[38] = 0
        #expect(try refusal(TableBytes.withChecksum(zero)).contains("record at offset 36 has the length 0"))
        var long = good
        long[38] = 200
        #expect(try refusal(TableBytes.withChecksum(long)).contains("offset 36 runs past the end"))
        #expect(try refusal(TableBytes.table("CEDT", window + [1, 0])).contains("offset 76 is cut off"))
        #expect(try refusal(TableBytes.table("SRAT", window)).contains("\"CEDT\""))
    }

    @Test("a wrong checksum is the firmware's: the kernel reads the table anyway") func checksum() throws {
        var table = TableBytes.table("CEDT", TableBytes.window(base: base, size: size))
        table[9] ^= 1
        #expect(try windows(table).map(\.range.start) == [base])
    }

    @Test(
        "a record that cxl_acpi does not take is no window, and the others are",
        arguments: [
            ("size 0", TableBytes.window(base: 0x7_0000_0000, size: 0)),
            ("base not aligned to 256 MiB", TableBytes.window(base: 0x7_0800_0000, size: 256 << 20)),
            ("size not aligned to 256 MiB", TableBytes.window(base: 0x7_0000_0000, size: 128 << 20)),
            ("past the last address", TableBytes.window(base: 0 &- (256 << 20), size: 512 << 20)),
            ("unknown arithmetic", TableBytes.window(base: 0x7_0000_0000, size: 1 << 30, arithmetic: 2)),
            ("unknown number of ways", TableBytes.window(base: 0x7_0000_0000, size: 1 << 30, ways: 5)),
            ("fewer targets than ways", TableBytes.window(base: 0x7_0000_0000, size: 1 << 30, ways: 1)),
            ("unknown granularity", TableBytes.window(base: 0x7_0000_0000, size: 1 << 30, granularity: 7)),
            ("a record of 8 bytes", [1, 0, 8, 0, 0, 0, 0, 0]),
        ] as [(String, [UInt8])]
    )
    func notTaken(name: String, record: [UInt8]) throws {
        let table = TableBytes.table("CEDT", record + TableBytes.window(base: base, size: size))
        let found = try windows(table)
        #expect(found.map(\.range.start) == [base], "\(name)")
        let bound = try windows(table, iomem: "5d0000000-6cfffffff : CXL Window 0\n")
        #expect(bound.map(\.range.start) == [base], "\(name), cxl_acpi bound")
    }

    @Test("as many targets as ways, 3 ways too") func ways() throws {
        for (encoded, targets) in [(0, 1), (1, 2), (4, 16), (8, 3), (10, 12)] as [(UInt8, Int)] {
            let window = TableBytes.window(base: base, size: size, ways: encoded, targets: targets, granularity: 6)
            let found = try windows(TableBytes.table("CEDT", window))
            #expect(found.count == 1, "\(encoded)")
        }
    }
}

/// A window in iomem that has no root decoder.
@Suite struct WindowWithoutDecoderTests {
    private static let path = "/sys/firmware/acpi/tables/CEDT"
    private static let line = "5d0000000-6cfffffff : CXL Window 0\n6d0000000-6dfffffff : CXL Window 1\n"

    /// The second of the two windows has no decoder.
    private func tree(_ records: [UInt8]) -> FakeTree {
        var tree = FakeTree(FakeTree.rootDecoder)
        tree["/proc/iomem"] = Self.line
        tree.files[Self.path] = TableBytes.table(
            "CEDT",
            TableBytes.window(base: 0x5_d000_0000, size: 4 << 30) + records
        )
        return tree
    }

    private func second(arithmetic: UInt8) -> [UInt8] {
        TableBytes.window(base: 0x6_d000_0000, size: 256 << 20, ways: 1, targets: 2, arithmetic: arithmetic)
    }

    @Test("XOR arithmetic without maps: the window is in iomem, and that is all there is") func noMaps() throws {
        for maps in [[], TableBytes.maps(granularity: 1, count: 1), TableBytes.maps(granularity: 0, count: 0)] {
            let state = try Inspector(tree: tree(second(arithmetic: 1) + maps), log: FakeLog()).read()
            #expect(state.windows.map(\.number) == [0, 1])
            #expect(state.windows.allSatisfy { $0.isLive })
        }
    }

    @Test("any other such window is that of a torn recording, unless the kernel log has it") func torn() throws {
        let whole = [second(arithmetic: 0), second(arithmetic: 1) + TableBytes.maps(granularity: 0, count: 1)]
        for records in whole {
            let error = try #require(failure(tree(records)))
            #expect(error.code == .badCapture && error.message.contains("decoder0.*"))
            #expect(error.message.contains("0x6d0000000-0x6dfffffff"))
            let log = FakeLog([
                "[    3.1] cxl_acpi ACPI0017:00: Failed to add decode range: [0x6d0000000 - 0x6dfffffff] (-6)"
            ])
            #expect(failure(tree(records), log: log) == nil)
        }
    }

    @Test("a driver that is bound has done what it does: in a recording that is odd") func live() throws {
        var tree = tree(second(arithmetic: 0))
        tree.isLive = true
        #expect(failure(tree)?.code == .unstable)
        tree["/sys/devices/platform/ACPI0017:00/modalias"] = ""
        tree.links["/sys/bus/platform/devices/ACPI0017:00"] = "/sys/devices/platform/ACPI0017:00"
        tree.links["/sys/devices/platform/ACPI0017:00/driver"] = "/sys/bus/platform/drivers/cxl_acpi"
        #expect(failure(tree) == nil)
        tree.isLive = false
        let odd = try Inspector(tree: tree, log: FakeLog()).read().material.oddities
        #expect(odd.count == 1 && odd[0].contains("decoder0.*"))
    }
}
