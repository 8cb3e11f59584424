internal import Iomem
internal import Machine

/// The memory ranges of the ACPI SRAT that the kernel makes HMEM ranges of.
///
/// `hmat_init()` (drivers/acpi/numa/hmat.c) registers each enabled range of the SRAT, before the Soft Reserved ones,
/// but only where there is an HMAT too.
struct ProximityRanges {
    /// The ranges in address order; empty without an HMAT.
    let ranges: [AddressRange]

    /// The ranges of `tree`; none where `commandLine` switches the tables off, or where the HMAT is of a revision that the
    /// kernel does not know.
    init(tree: any FileTree, commandLine: KernelCommandLine) throws(InspectionError) {
        guard !Self.isOff(commandLine), let attributes = try AcpiTable("HMAT", in: tree),
            Self.revisions.contains(attributes.revision), let table = try AcpiTable("SRAT", in: tree)
        else {
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

    /// The revisions of the HMAT that `hmat_init()` takes.
    private static let revisions: ClosedRange<UInt8> = 1...2

    /// `numa=noacpi` and `numa=nohmat` keep the kernel from the tables, whatever follows the word; `numa=off` does not
    /// (arch/x86/mm/numa.c: numa_setup(); `hmat_init()` asks srat_disabled() and hmat_disable).
    private static func isOff(_ commandLine: KernelCommandLine) -> Bool {
        commandLine.parameters.values(of: "numa").contains { $0.hasPrefix("noacpi") || $0.hasPrefix("nohmat") }
    }

    /// `range` cut at the borders of the proximity ranges, each part with the HMEM range that it belongs to.
    ///
    /// Where a proximity range is, the Soft Reserved range that overlaps it becomes none itself: its bytes are taken
    /// (drivers/dax/hmem/device.c: __hmem_register_resource(), "already active"). dax_hmem passes over an HMEM range
    /// that also has other resources (drivers/dax/hmem/hmem.c: hmem_register_device(), REGION_MIXED); kernels without
    /// "Soft Reserved" lines look in a tree that has no others (region_intersects_soft_reserve()).
    func split(_ range: AddressRange, iomem: IomemTree) -> [(range: AddressRange, hmemRange: AddressRange?)] {
        let meeting = ranges.filter { $0.overlaps(range) }
        if meeting.isEmpty { return [(range, range)] }
        let inside = meeting.compactMap { unit in
            unit.intersection(range).map { ($0, Self.isMixed(unit, iomem) ? nil : unit) }
        }
        return (inside + range.subtracting(meeting).map { ($0, nil) }).sorted { $0.0 < $1.0 }
    }

    private static func isMixed(_ unit: AddressRange, _ iomem: IomemTree) -> Bool {
        let reserved = iomem.entries { $0 == "Soft Reserved" }.map(\.range)
        if reserved.isEmpty { return false }
        let others = iomem.entries { name in
            ["System RAM", "Reserved", "ACPI Tables", "ACPI Non-volatile Storage", "Persistent Memory"].contains(name)
        }
        return others.contains { other in
            other.range.intersection(unit).map { !$0.subtracting(reserved).isEmpty } ?? false
        }
    }
}
