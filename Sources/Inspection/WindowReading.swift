internal import Iomem
internal import Machine

/// Reads the CXL windows: from the ACPI CEDT, which has them always, and from `/proc/iomem`, while `cxl_acpi` is bound.
struct WindowReading {
    let tree: any FileTree

    /// A fixed memory window of the CEDT.
    private struct FixedWindow {
        var range: AddressRange
        var isFixed: Bool
        var source: String
    }

    /// The windows in address order.
    ///
    /// The line of a window can be longer than the CEDT says: `add_cxl_resources()` (drivers/cxl/acpi.c) lets it grow
    /// over a resource that crosses its edge. dax_hmem looks at the line, so the line's bytes count while there is one.
    func read(iomem: IomemTree) throws(InspectionError) -> [Window] {
        var fixed = try fixedWindows()
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
                window.sources.append(same.source)
            }
            windows.append(window)
        }
        windows += fixed.map {
            Window(range: $0.range, number: nil, isLive: false, isFixed: $0.isFixed, sources: [$0.source])
        }
        return windows.sorted { $0.range < $1.range }
    }

    /// CFMWS, the CEDT's record type 1 (CXL specification 9.18.1.3; `struct acpi_cedt_cfmws`, include/acpi/actbl1.h):
    /// type 1 byte, reserved 1, length 2, reserved 4, base 8, size 8, ways 1, arithmetic 1, reserved 2, granularity 4,
    /// restrictions 2, class 2, targets.
    private func fixedWindows() throws(InspectionError) -> [FixedWindow] {
        guard let table = try AcpiTable("CEDT", in: tree) else { return [] }
        var windows: [FixedWindow] = []
        let records = try table.records(from: AcpiTable.headerLength, lengthAt: 2, width: 2, in: tree)
        for record in records where table.bytes[record.lowerBound] == 1 {
            let offset = record.lowerBound
            guard record.count >= 36 else {
                throw tree.damaged(table.path, "the window at offset \(offset) has only \(record.count) bytes")
            }
            let base = table.bytes.littleEndian64(at: offset + 8)
            let size = table.bytes.littleEndian64(at: offset + 16)
            guard let range = AddressRange(start: base, size: size) else {
                throw tree.damaged(
                    table.path,
                    "the window at offset \(offset) is impossible: \(hexadecimal(size)) bytes at \(hexadecimal(base))"
                )
            }
            // ACPI_CEDT_CFMWS_RESTRICT_FIXED, include/acpi/actbl1.h.
            let isFixed = table.bytes.littleEndian16(at: offset + 32) & 1 << 4 != 0
            windows.append(
                FixedWindow(range: try tree.physical(range, at: table.path), isFixed: isFixed, source: table.path)
            )
        }
        return windows
    }
}
