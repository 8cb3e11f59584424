/// An address as the JSON documents write it: `0x5d0000000`.
package func hexadecimal(_ address: UInt64) -> String {
    unsafe String(unsafeUninitializedCapacity: 18) { unsafe writeHexadecimal(address, to: $0, at: 0) }
}

/// Writes an address as `hexadecimal(_:)` does, from `place` on, and returns the place behind it. At most 18 bytes.
func writeHexadecimal(_ address: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>, at place: Int) -> Int {
    let digits = max(1, (67 - address.leadingZeroBitCount) / 4)
    unsafe buffer[place] = UInt8(ascii: "0")
    unsafe buffer[place + 1] = UInt8(ascii: "x")
    for number in 0..<digits {
        let digit = UInt8(truncatingIfNeeded: address >> UInt64(4 * (digits - 1 - number))) & 15
        unsafe buffer[place + 2 + number] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
    }
    return place + 2 + digits
}

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
    unsafe withBytes(of: text) { bytes in
        unsafe hasPrefix(bytes, UInt8(ascii: "x")) ? number(bytes[2...], radix: 16) : nil
    }
}

/// A number with `0x` (hexadecimal) or without (decimal); nil for anything else.
package func parseNumber(_ text: some StringProtocol) -> UInt64? {
    unsafe withBytes(of: text) { bytes in
        let isHexadecimal = unsafe hasPrefix(bytes, UInt8(ascii: "x")) || hasPrefix(bytes, UInt8(ascii: "X"))
        return unsafe isHexadecimal ? number(bytes[2...], radix: 16) : number(bytes[...], radix: 10)
    }
}

/// A hexadecimal number without `0x`; nil for anything else.
package func parseHexadecimal(_ text: some StringProtocol) -> UInt64? {
    unsafe withBytes(of: text) { unsafe number($0[...], radix: 16) }
}

/// One step for a text of any kind, and not one for each of its bytes.
private func withBytes(
    of text: some StringProtocol,
    _ body: (UnsafeBufferPointer<UInt8>) -> UInt64?
) -> UInt64? {
    if let number = text.utf8.withContiguousStorageIfAvailable(body) { return number }
    return unsafe Array(text.utf8).withUnsafeBufferPointer(body)
}

private func hasPrefix(_ bytes: UnsafeBufferPointer<UInt8>, _ letter: UInt8) -> Bool {
    unsafe bytes.count >= 2 && bytes[0] == UInt8(ascii: "0") && bytes[1] == letter
}

/// The number in digits; nil if one is missing, too large, or no digit. Swift's integers take a sign too, which no file of the
/// kernel's has.
private func number(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, radix: UInt64) -> UInt64? {
    var number: UInt64 = 0
    var isEmpty = true
    for place in unsafe bytes.indices {
        let byte = unsafe bytes[place]
        let digit: UInt64
        switch byte {
        case 0x30...0x39: digit = UInt64(byte - 0x30)
        case 0x41...0x46: digit = UInt64(byte - 0x41 + 10)
        case 0x61...0x66: digit = UInt64(byte - 0x61 + 10)
        default: return nil
        }
        guard digit < radix else { return nil }
        let (product, isTooLarge) = number.multipliedReportingOverflow(by: radix)
        let (sum, overflow) = product.addingReportingOverflow(digit)
        guard !isTooLarge, !overflow else { return nil }
        number = sum
        isEmpty = false
    }
    return isEmpty ? nil : number
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
