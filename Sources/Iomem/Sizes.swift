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
