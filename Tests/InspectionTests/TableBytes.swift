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

    /// A CFMWS with one target.
    static func window(base: UInt64, size: UInt64, restrictions: UInt64 = 0xf) -> [UInt8] {
        [1, 0] + little(40, 2) + little(0, 4) + little(base, 8) + little(size, 8) + [0, 0, 0, 0] + little(0, 4)
            + little(restrictions, 2) + little(0, 2) + little(12, 4)
    }

    /// A CHBS, which is none of the windows.
    static let hostBridge: [UInt8] = [0, 0] + little(32, 2) + [UInt8](repeating: 0, count: 28)

    /// A memory affinity of the SRAT.
    static func memory(domain: UInt64, base: UInt64, size: UInt64, enabled: Bool = true) -> [UInt8] {
        [1, 40] + little(domain, 4) + [0, 0] + little(base, 8) + little(size, 8) + little(0, 4)
            + little(enabled ? 1 : 0, 4) + little(0, 8)
    }

    static func srat(_ records: [UInt8]) -> [UInt8] { table("SRAT", [UInt8](repeating: 0, count: 12) + records) }
}
