internal import Iomem

/// The memory maps that the kernel prints into its log while it starts.
///
/// `e820__print_table()` (arch/x86/kernel/e820.c) prints `BIOS-e820: [mem 0xSTART-0xEND] TYPE` for the firmware's map,
/// and, where `memmap=` changed it, the same lines with `user:`, which then hold instead.
struct LoggedMaps {
    /// The ranges of the firmware's map, of any type.
    private(set) var entries: [AddressRange] = []
    /// The log has the firmware's map from its first line on.
    private(set) var isWhole = false
    /// The Soft Reserved ranges of the firmware's map.
    private(set) var firmware: [AddressRange] = []
    /// The Soft Reserved ranges of the changed map; nil where nothing changed the map or the log has lost its beginning.
    private(set) var changed: [AddressRange]?
    /// Usable EFI memory with the specific-purpose attribute (`efi=debug`; `efi_md_typeattr_format()`).
    private(set) var specificPurpose: [AddressRange] = []

    /// The log has lines of the firmware's map or of the EFI map.
    private(set) var hasLines = false

    /// Takes in the next message, which stands without the time in front.
    mutating func note(_ message: Substring) {
        if message.hasPrefix("BIOS-e820: [mem ") {
            hasLines = true
            if let range = Self.range(message, after: "[mem ") { entries.append(range) }
            if let range = Self.softReserved(message) { firmware.append(range) }
        } else if message.hasPrefix("user: [mem ") {
            if let range = Self.softReserved(message), changed != nil { changed?.append(range) }
        } else if message.holds("BIOS-provided physical RAM map") {
            isWhole = true
        } else if message.holds("user-defined physical RAM map") {
            changed = []
        } else if message.hasPrefix("efi: mem") {
            hasLines = true
            if let range = Self.specificPurpose(message) { specificPurpose.append(range) }
        }
    }

    /// The range of `…: [mem 0xSTART-0xEND]  soft reserved`.
    private static func softReserved(_ message: Substring) -> AddressRange? {
        let words = message.lowercased()
        guard words.hasSuffix("] soft reserved") || words.hasSuffix("]  soft reserved") else { return nil }
        return range(message, after: "[mem ")
    }

    /// The range of `efi: mem17: [Conventional Memory|…|SP|…] range=[0xSTART-0xEND] (…)`.
    private static func specificPurpose(_ message: Substring) -> AddressRange? {
        guard message.holds("[Conventional"), message.holds("|SP|") else { return nil }
        return range(message, after: "range=[")
    }

    private static func range(_ message: Substring, after mark: String) -> AddressRange? {
        guard let place = message.place(of: mark), let end = message[place.upperBound...].firstIndex(of: "]")
        else { return nil }
        let ends = message[place.upperBound..<end].split(separator: "-")
        guard ends.count == 2, let start = parseNumber(ends[0]), let last = parseNumber(ends[1]) else { return nil }
        return AddressRange(start: start, end: last)
    }
}
