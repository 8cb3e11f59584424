internal import Iomem
internal import LinuxSystem

/// The memory maps that the kernel prints into its log while it starts.
///
/// `e820__print_table()` (arch/x86/kernel/e820.c) prints `BIOS-e820: [mem 0xSTART-0xEND] TYPE` for the firmware's map,
/// and, where `memmap=` changed it, the same lines with `user:`, which then hold instead. Each is printed once.
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

    /// The maps in what the boot printed before there were processes.
    init(_ boot: [Substring] = []) {
        for message in boot { note(message) }
    }

    private mutating func note(_ message: Substring) {
        if let range = Self.range(message, KernelMessage.firmwareEntry) {
            hasLines = true
            entries.append(range)
            if Self.isSoftReserved(message) { firmware.append(range) }
        } else if let range = Self.range(message, KernelMessage.changedEntry) {
            if Self.isSoftReserved(message) { changed?.append(range) }
        } else if KernelMessage.firmwareMap.form.fits(message) {
            isWhole = true
        } else if KernelMessage.changedMap.form.fits(message) {
            changed = changed ?? []
        } else if let range = Self.range(message, KernelMessage.efiEntry) {
            hasLines = true
            if message.holds(": [Conventional"), message.holds("|SP|") { specificPurpose.append(range) }
        }
    }

    private static func isSoftReserved(_ message: Substring) -> Bool {
        let words = message.lowercased()
        return words.hasSuffix("] soft reserved") || words.hasSuffix("]  soft reserved")
    }

    private static func range(_ message: Substring, _ entry: KernelMessage) -> AddressRange? {
        guard let ends = entry.form.addresses(in: message), ends.count == 2 else { return nil }
        return AddressRange(start: ends[0], end: ends[1])
    }
}
