internal import Iomem
internal import Machine

/// The changes to the memory map that `memmap=SIZE%START[-OLD][+NEW]` on the kernel command line asks for, as far as
/// Soft Reserved memory is concerned (`parse_memmap_one()`, arch/x86/kernel/e820.c).
struct CommandLineMap {
    /// One change.
    struct Change: Equatable {
        /// The bytes that are looked at.
        var range: AddressRange
        /// Only bytes of this e820 type change; nil: all bytes.
        var oldType: UInt64?
        /// The e820 type that they get; nil: they leave the map.
        var newType: UInt64?
    }

    /// The changes in the order of the command line.
    let changes: [Change]
    /// `memmap=exactmap` throws away the firmware's map, and what changed it before.
    let isExact: Bool

    /// E820_TYPE_RAM.
    static let memory: UInt64 = 1
    /// E820_TYPE_SOFT_RESERVED, arch/x86/include/asm/e820/types.h.
    static let softReserved: UInt64 = 0xefff_ffff

    /// Reads the values of `memmap=`. What the kernel would not understand, it ignores.
    init(_ commandLine: KernelCommandLine) {
        var changes: [Change] = []
        var isExact = false
        for part in commandLine.parameters.values(of: "memmap").flatMap(\.commaSeparated) {
            if part.hasPrefix("exactmap") {
                isExact = true
                changes = []
            } else if let change = Self.change(part[...]) {
                changes.append(change)
            }
        }
        self.changes = changes
        self.isExact = isExact
    }

    private static func change(_ text: Substring) -> Change? {
        guard let percent = text.firstIndex(of: "%"), let size = parseSize(text[..<percent]) else { return nil }
        var rest = text[percent...].dropFirst()
        let start = rest.prefix { $0 != "-" && $0 != "+" }
        rest = rest.dropFirst(start.count)
        guard let first = parseSize(start), let range = AddressRange(start: first, size: size) else { return nil }
        var change = Change(range: range, oldType: nil, newType: nil)
        if rest.first == "-" {
            let old = rest.dropFirst().prefix { $0 != "+" }
            guard let type = parseInteger(old) else { return nil }
            change.oldType = type == 0 ? nil : type
            rest = rest.dropFirst(1 + old.count)
        }
        if rest.first == "+" {
            guard let type = parseInteger(rest.dropFirst()) else { return nil }
            change.newType = type == 0 ? nil : type
            rest = ""
        }
        return rest.isEmpty ? change : nil
    }

    /// A number with an optional K, M, G, T, P or E behind it (`memparse()`, lib/cmdline.c).
    static func parseSize(_ text: Substring) -> UInt64? {
        guard let last = text.last else { return nil }
        let units = ["K", "M", "G", "T", "P", "E"]
        guard let unit = units.firstIndex(of: last.uppercased()), !(text.hasPrefix("0x") && last.isHexDigit) else {
            return parseInteger(text)
        }
        guard let number = parseInteger(text.dropLast()) else { return nil }
        let (size, overflow) = number.multipliedReportingOverflow(by: 1 << UInt64(10 * (unit + 1)))
        return overflow ? nil : size
    }

    /// A number as `simple_strtoull(…, 0)` reads it: `0x` hexadecimal, `0` octal, else decimal.
    static func parseInteger(_ text: some StringProtocol) -> UInt64? {
        if text.count > 1, text.first == "0", text.allSatisfy(\.isASCIIDigit) { return UInt64(text, radix: 8) }
        return parseNumber(text)
    }
}
