internal import Iomem
internal import Machine

/// The CXL windows: from the ACPI CEDT, which has them always, and from `/proc/iomem`, while `cxl_acpi` is bound.
struct WindowReading {
    let iomem: IomemTree
    let fixed: FixedMemoryWindows

    /// The windows in address order.
    ///
    /// The line of a window can be longer than the CEDT says: `add_cxl_resources()` (drivers/cxl/acpi.c) lets it grow
    /// over a resource that crosses its edge, and cuts or drops the next one there. dax_hmem looks at the line, so the
    /// line's bytes count while there is one; and while there is any line, a record of the CEDT without one is no window:
    /// the lines come all together, and the kernel has not taken that record.
    func windows() -> [Window] {
        var fixed = fixed.windows
        var windows: [Window] = []
        for entry in iomem.entries(where: { $0.isNumbered("CXL Window ") }) {
            var window = Window(
                range: entry.range,
                number: Int(entry.name.dropFirst("CXL Window ".count)),
                isLive: true,
                isFixed: false,
                sources: ["/proc/iomem"]
            )
            let match =
                fixed.firstIndex { $0.range == entry.range } ?? fixed.firstIndex { $0.range.overlaps(entry.range) }
            if let match {
                let same = fixed.remove(at: match)
                window.isFixed = same.isFixed
                window.sources.append(FixedMemoryWindows.path)
            }
            windows.append(window)
        }
        if !windows.isEmpty { return windows.sorted { $0.range < $1.range } }
        return fixed.map {
            Window(
                range: $0.range,
                number: nil,
                isLive: false,
                isFixed: $0.isFixed,
                sources: [FixedMemoryWindows.path]
            )
        }.sorted { $0.range < $1.range }
    }
}

/// The fixed memory windows of the ACPI CEDT, those that `cxl_acpi` takes.
///
/// It looks at each record, logs "Failed to add decode range" about one that it does not take, and goes on
/// (drivers/cxl/acpi.c: cxl_parse_cfmws()).
struct FixedMemoryWindows {
    /// A window that goes into `/proc/iomem` when `cxl_acpi` binds.
    struct Window {
        /// The bytes, inclusive ends.
        var range: AddressRange
        /// The window is restricted to a fixed configuration.
        var isFixed: Bool
        /// It gets no root decoder: its maps are missing, which is found out when it is in the list for iomem already
        /// (`__cxl_parse_cfmws()`, `cxl_parse_cxims()`).
        var lacksDecoder: Bool
    }

    /// In the order of the table; empty without a CEDT.
    let windows: [Window]
    /// The path of the table.
    static let path = "/sys/firmware/acpi/tables/CEDT"

    /// CFMWS, the CEDT's record type 1 (CXL specification 9.18.1.3; `struct acpi_cedt_cfmws`, include/acpi/actbl1.h):
    /// type 1 byte, reserved 1, length 2, reserved 4, base 8, size 8, ways 1, arithmetic 1, reserved 2, granularity 4,
    /// restrictions 2, class 2, targets of 4.
    init(tree: any FileTree) throws(InspectionError) {
        guard let table = try AcpiTable("CEDT", in: tree) else {
            windows = []
            return
        }
        let records = try table.records(from: AcpiTable.headerLength, lengthAt: 2, width: 2, in: tree)
            .map { Array(table.bytes[$0]) }
        let maps = records.filter { $0[0] == 2 }
        var windows: [Window] = []
        for record in records where record[0] == 1 {
            guard let ways = Self.ways(ofTaken: record) else { continue }
            // A size of 0, or an end past the last address: insert_resource() refuses it.
            guard
                let range = AddressRange(start: record.littleEndian64(at: 8), size: record.littleEndian64(at: 16))
            else { continue }
            let isXor = record[25] == 1
            windows.append(
                Window(
                    range: range,
                    // ACPI_CEDT_CFMWS_RESTRICT_FIXED, include/acpi/actbl1.h.
                    isFixed: record.littleEndian16(at: 32) & 1 << 4 != 0,
                    lacksDecoder: isXor && Self.lacksMaps(ways, record.littleEndian16(at: 28), maps)
                )
            )
        }
        self.windows = windows
    }

    /// The number of targets of a record that `cxl_acpi_cfmws_verify()` and `eig_to_granularity()` take; nil for one that
    /// they don't.
    private static func ways(ofTaken record: [UInt8]) -> Int? {
        guard record.count >= shortest, record[25] <= 1, let ways = ways(record[24]),
            record.count >= shortest + 4 * ways, record.littleEndian16(at: 28) <= lastGranularity
        else { return nil }
        let isAligned = [8, 16].allSatisfy { record.littleEndian64(at: $0).isMultiple(of: 256 << 20) }
        return isAligned ? ways : nil
    }

    /// A record without targets.
    private static let shortest = 36
    /// CXL_DECODER_MAX_ENCODED_IG, drivers/cxl/cxl.h.
    private static let lastGranularity: UInt16 = 6

    /// drivers/cxl/cxl.h: eiw_to_ways().
    private static func ways(_ encoded: UInt8) -> Int? {
        switch encoded {
        case 0...4: 1 << Int(encoded)
        case 8...10: 3 << Int(encoded - 8)
        default: nil
        }
    }

    /// CXIMS, record type 2 (`struct acpi_cedt_cxims`): type 1 byte, reserved 1, length 2, reserved 2, granularity 1,
    /// number of maps 1, maps of 8. One or three ways need none.
    private static func lacksMaps(_ ways: Int, _ granularity: UInt16, _ records: [[UInt8]]) -> Bool {
        guard ways != 1, ways != 3 else { return false }
        let needed = (ways.isMultiple(of: 3) ? ways / 3 : ways).trailingZeroBitCount
        let whole = records.filter { $0.count >= 8 }
        let matching = whole.filter { UInt16($0[6]) == granularity }
        return matching.isEmpty || matching.contains { Int($0[7]) < needed }
            || whole.contains { UInt16($0[6]) > lastGranularity }
    }
}
