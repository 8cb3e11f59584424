/// Makes ACPI tables for tests.
enum TableBytes {
    static func little(_ value: UInt64, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xff) } }

    /// A table with a right length and checksum.
    static func table(_ signature: String, _ body: [UInt8], revision: UInt8 = 1) -> [UInt8] {
        var bytes = Array(signature.utf8) + little(UInt64(36 + body.count), 4) + [revision, 0]
        bytes += [UInt8](repeating: UInt8(ascii: "X"), count: 26) + body
        return withChecksum(bytes)
    }

    static func withChecksum(_ table: [UInt8]) -> [UInt8] {
        var table = table
        table[9] = 0
        table[9] = 0 &- table.reduce(0, &+)
        return table
    }

    /// A CFMWS; `ways` and `granularity` are encoded as in the table.
    static func window(
        base: UInt64,
        size: UInt64,
        restrictions: UInt64 = 0xf,
        ways: UInt8 = 0,
        targets: Int = 1,
        arithmetic: UInt8 = 0,
        granularity: UInt64 = 0
    ) -> [UInt8] {
        let fields: [[UInt8]] = [
            [1, 0], little(UInt64(36 + 4 * targets), 2), little(0, 4), little(base, 8), little(size, 8),
            [ways, arithmetic, 0, 0], little(granularity, 4), little(restrictions, 2), little(0, 2),
        ]
        return Array(fields.joined()) + (0..<targets).flatMap { little(UInt64(12 + $0), 4) }
    }

    /// A CXIMS.
    static func maps(granularity: UInt8, count: Int) -> [UInt8] {
        let fields: [[UInt8]] = [
            [2, 0], little(UInt64(8 + 8 * count), 2), [0, 0, granularity, UInt8(count)],
            [UInt8](repeating: 0x11, count: 8 * count),
        ]
        return Array(fields.joined())
    }

    /// A CHBS, which is not one of the windows.
    static let hostBridge: [UInt8] = [0, 0] + little(32, 2) + [UInt8](repeating: 0, count: 28)

    /// A memory affinity of the SRAT.
    static func memory(domain: UInt64, base: UInt64, size: UInt64, enabled: Bool = true) -> [UInt8] {
        let fields: [[UInt8]] = [
            [1, 40], little(domain, 4), [0, 0], little(base, 8), little(size, 8), little(0, 4),
            little(enabled ? 1 : 0, 4), little(0, 8),
        ]
        return Array(fields.joined())
    }

    static func srat(_ records: [UInt8]) -> [UInt8] { table("SRAT", [UInt8](repeating: 0, count: 12) + records) }
}
