/// An address as the JSON documents write it: `0x5d0000000`.
package func hexadecimal(_ address: UInt64) -> String { "0x" + String(address, radix: 16) }

/// A size for people, in the largest binary unit that it reaches, with one decimal place if it is not whole: `512 MiB`,
/// `1.5 GiB`.
package func sizeText(_ bytes: UInt64) -> String {
    let units = [("EiB", 60), ("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)]
    guard let (unit, shift) = units.first(where: { bytes >= 1 << $0.1 }) else { return "\(bytes) B" }
    // In tenths, rounded; no size has so many that this overflows.
    let whole = bytes >> UInt64(shift)
    let rest = bytes & ((1 << UInt64(shift)) - 1)
    let tenths = whole * 10 + ((rest >> UInt64(shift - 10)) * 10 + 512) / 1024
    return tenths.isMultiple(of: 10) ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
}

/// An address as `hexadecimal(_:)` writes it; nil for anything else.
package func parseAddress(_ text: some StringProtocol) -> UInt64? {
    text.hasPrefix("0x") ? parseHexadecimal(text.dropFirst(2)) : nil
}

/// A number with `0x` (hexadecimal) or without (decimal); nil for anything else.
package func parseNumber(_ text: some StringProtocol) -> UInt64? {
    if text.hasPrefix("0x") || text.hasPrefix("0X") { return parseHexadecimal(text.dropFirst(2)) }
    return isSigned(text) ? nil : UInt64(text)
}

/// A hexadecimal number without `0x`; nil for anything else.
package func parseHexadecimal(_ text: some StringProtocol) -> UInt64? {
    isSigned(text) ? nil : UInt64(text, radix: 16)
}

/// Swift's integers take a sign too, which no file of the kernel's has.
private func isSigned(_ text: some StringProtocol) -> Bool {
    text.utf8.first == UInt8(ascii: "+") || text.utf8.first == UInt8(ascii: "-")
}

extension UInt64 {
    /// The sum; `UInt64.max` if it is larger: no file and no device can make the addition of two sizes trap.
    package func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// The product; `UInt64.max` if it is larger.
    package func multipliedSaturated(by other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
