/// How far memory has gone offline: bytes, rate, and the time that is left at this rate.
func offlineText(done: UInt64, total: UInt64, elapsed: Duration) -> String {
    let seconds = elapsed / .seconds(1)
    let bytes = "\(sizeText(done)) of \(sizeText(total)) offline"
    guard done > 0, seconds > 0 else { return bytes }
    let rate = Double(done) / seconds
    let left = Int((Double(total - done) / rate).rounded(.up))
    return "\(bytes), \(mebibytes(UInt64(rate)))/s" + (left > 0 ? ", \(left) s left" : "")
}

/// A bar of `width` columns.
func bar(done: UInt64, total: UInt64, width: Int = 24) -> String {
    let full = total == 0 ? width : min(width, Int(Double(done) / Double(total) * Double(width)))
    return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: width - full) + "]"
}
