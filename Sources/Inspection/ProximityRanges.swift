internal import Iomem

/// The memory ranges of the ACPI SRAT that the kernel makes HMEM ranges of.
///
/// `hmat_init()` (drivers/acpi/numa/hmat.c) registers each enabled range of the SRAT, before the Soft Reserved ones,
/// but only where there is an HMAT too.
struct ProximityRanges {
    /// The ranges in address order; empty without an HMAT.
    let ranges: [AddressRange]

    init(tree: any FileTree) throws(InspectionError) {
        guard tree.exists("/sys/firmware/acpi/tables/HMAT"), let table = try AcpiTable("SRAT", in: tree) else {
            ranges = []
            return
        }
        var ranges: [AddressRange] = []
        // The header is followed by 12 reserved bytes (`struct acpi_table_srat`); records: type 1 byte, length 1.
        let records = try table.records(from: AcpiTable.headerLength + 12, lengthAt: 1, width: 1, in: tree)
        // Memory affinity, type 1: domain 4 bytes at 2, base 8 at 8, length 8 at 16, flags 4 at 28 with bit 0 "enabled".
        for record in records where table.bytes[record.lowerBound] == 1 {
            let offset = record.lowerBound
            guard record.count >= 40 else {
                throw tree.damaged(table.path, "the record at offset \(offset) has only \(record.count) bytes")
            }
            guard table.bytes.littleEndian32(at: offset + 28) & 1 != 0 else { continue }
            let base = table.bytes.littleEndian64(at: offset + 8)
            let size = table.bytes.littleEndian64(at: offset + 16)
            guard let range = AddressRange(start: base, size: size) else { continue }
            // A running machine lives with whatever its firmware says.
            ranges.append(tree.isLive ? range : try tree.physical(range, at: table.path))
        }
        self.ranges = ranges.sorted()
    }

    /// `range` cut at the borders of the proximity ranges.
    func split(_ range: AddressRange) -> [AddressRange] {
        let inside = ranges.compactMap { $0.intersection(range) }
        return (inside + range.subtracting(inside)).sorted()
    }
}
