/// An ACPI table as `/sys/firmware/acpi/tables` holds it: a header of 36 bytes and records behind it.
struct AcpiTable {
    /// The path of the table inside the root.
    let path: String
    /// The bytes, as many as the header says.
    let bytes: [UInt8]

    /// Length of the header: signature, length, revision, checksum, the maker's ids (ACPI specification 5.2.6).
    static let headerLength = 36

    /// The revision in the header.
    var revision: UInt8 { bytes[8] }

    /// Reads the table with the four-letter `signature`; nil where the machine has none.
    /// - Throws: where the length or the signature is wrong; a wrong checksum is firmware's, the kernel warns and reads on
    ///   (drivers/acpi/acpica/tbprint.c: acpi_tb_verify_checksum()).
    init?(_ signature: String, in tree: any FileTree) throws(InspectionError) {
        path = "/sys/firmware/acpi/tables/\(signature)"
        guard let bytes = try tree.read(path) else { return nil }
        guard bytes.count >= Self.headerLength else {
            throw tree.damaged(path, "the table is cut off at offset \(bytes.count), within its header")
        }
        guard bytes.starts(with: signature.utf8) else {
            throw tree.damaged(path, "the table does not begin with \"\(signature)\" at offset 0")
        }
        let length = Int(bytes.littleEndian32(at: 4))
        guard length >= Self.headerLength, length <= bytes.count else {
            throw tree.damaged(path, "the table has \(bytes.count) bytes, its header at offset 4 says \(length)")
        }
        self.bytes = Array(bytes[..<length])
    }

    /// Bounds of the records from `start` on, where the size of each stands at `lengthAt` within it, in `width` bytes.
    func records(
        from start: Int,
        lengthAt: Int,
        width: Int,
        in tree: any FileTree
    ) throws(InspectionError) -> [Range<Int>] {
        var records: [Range<Int>] = []
        var offset = start
        while offset < bytes.count {
            guard offset + lengthAt + width <= bytes.count else {
                throw tree.damaged(path, "the record at offset \(offset) is cut off")
            }
            let length = width == 1 ? Int(bytes[offset + lengthAt]) : Int(bytes.littleEndian16(at: offset + lengthAt))
            guard length >= lengthAt + width else {
                throw tree.damaged(path, "the record at offset \(offset) has the length \(length)")
            }
            guard offset + length <= bytes.count else {
                throw tree.damaged(path, "the record at offset \(offset) runs past the end of the table")
            }
            records.append(offset..<offset + length)
            offset += length
        }
        return records
    }
}

extension [UInt8] {
    /// Two bytes, least significant first.
    func littleEndian16(at offset: Int) -> UInt16 { UInt16(littleEndian(at: offset, count: 2)) }
    /// Four bytes, least significant first.
    func littleEndian32(at offset: Int) -> UInt32 { UInt32(littleEndian(at: offset, count: 4)) }
    /// Eight bytes, least significant first.
    func littleEndian64(at offset: Int) -> UInt64 { littleEndian(at: offset, count: 8) }

    private func littleEndian(at offset: Int, count: Int) -> UInt64 {
        self[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
