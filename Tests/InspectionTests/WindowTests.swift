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

    @Test("damage names the table and the offset") func damage() throws {
        let window = TableBytes.window(base: base, size: size)
        let good = TableBytes.table("CEDT", window)
        #expect(try refusal([]).contains("offset 0"))
        #expect(try refusal(Array(good.dropLast())).contains("offset 4"))
        var sum = good
        sum[40] ^= 1
        #expect(try refusal(sum).contains("checksum at offset 9"))
        var zero = good
        zero[38] = 0
        #expect(try refusal(TableBytes.withChecksum(zero)).contains("record at offset 36 has the length 0"))
        var long = good
        long[38] = 200
        #expect(try refusal(TableBytes.withChecksum(long)).contains("offset 36 runs past the end"))
        #expect(try refusal(TableBytes.table("CEDT", window + [1, 0])).contains("offset 76 is cut off"))
        #expect(try refusal(TableBytes.table("CEDT", [1, 0, 8, 0, 0, 0, 0, 0])).contains("only 8 bytes"))
        #expect(try refusal(TableBytes.table("SRAT", window)).contains("\"CEDT\""))
        #expect(
            try refusal(TableBytes.table("CEDT", TableBytes.window(base: base, size: 0))).contains(
                "offset 36 is impossible"
            )
        )
        #expect(
            try refusal(TableBytes.table("CEDT", TableBytes.window(base: .max, size: 2))).contains("impossible")
        )
    }
}
