internal import Iomem
internal import Machine

/// The memory ranges of the ACPI SRAT that the kernel makes HMEM ranges of.
///
/// `hmat_init()` (drivers/acpi/numa/hmat.c) registers each enabled range of the SRAT, before the Soft Reserved ones,
/// but only where there is an HMAT too.
struct ProximityRanges {
    /// The ranges in address order; empty without an HMAT.
    let ranges: [AddressRange]
    private let index: RangeIndex
    /// By the places of `ranges`: dax_hmem passes over it, since it has other resources besides.
    private let isMixed: [Bool]

    /// The ranges of `tree`, whose resources are in `iomem`; none where `commandLine` switches the tables off, or where the HMAT is of a revision that the
    /// kernel does not know.
    init(tree: any FileTree, commandLine: KernelCommandLine, iomem: IomemTree) throws(InspectionError) {
        let ranges = try Self.read(tree, commandLine)
        self.ranges = ranges
        index = RangeIndex(ranges)
        isMixed = Self.areMixed(ranges, iomem)
    }

    private static func read(_ tree: any FileTree, _ commandLine: KernelCommandLine) throws(InspectionError)
        -> [AddressRange]
    {
        guard !isOff(commandLine), let attributes = try AcpiTable("HMAT", in: tree),
            revisions.contains(attributes.revision), let table = try AcpiTable("SRAT", in: tree)
        else { return [] }
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
            ranges.append(range)
        }
        return ranges.sorted()
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
    func split(_ range: AddressRange) -> [(range: AddressRange, hmemRange: AddressRange?)] {
        let meeting = index.places(overlapping: range)
        if meeting.isEmpty { return [(range, range)] }
        let inside = meeting.compactMap { place in
            ranges[place].intersection(range).map { ($0, isMixed[place] ? nil : ranges[place]) }
        }
        return (inside + range.subtracting(meeting.map { ranges[$0] }).map { ($0, nil) }).sorted { $0.0 < $1.0 }
    }

    private static func areMixed(_ units: [AddressRange], _ iomem: IomemTree) -> [Bool] {
        if units.isEmpty { return [] }
        let reserved = iomem.entries { $0 == "Soft Reserved" }.map(\.range)
        if reserved.isEmpty { return units.map { _ in false } }
        let others = iomem.entries { name in
            ["System RAM", "Reserved", "ACPI Tables", "ACPI Non-volatile Storage", "Persistent Memory"].contains(name)
        }.map(\.range)
        let (reservedIndex, otherIndex) = (RangeIndex(reserved), RangeIndex(others))
        return units.map { unit in
            otherIndex.places(overlapping: unit).contains { place in
                guard let part = others[place].intersection(unit) else { return false }
                return !part.subtracting(reservedIndex.places(overlapping: part).map { reserved[$0] }).isEmpty
            }
        }
    }
}
