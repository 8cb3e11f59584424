// Bytes that two processes of this program hand each other: each part with its size in front, in four bytes.

extension [UInt8] {
    /// Adds `part`, of less than 4 GiB, with its size in front.
    package mutating func appendSized(_ part: some Collection<UInt8>) {
        for shift in 0..<4 { append(UInt8(truncatingIfNeeded: part.count >> (shift * 8))) }
        self += part
    }
}

extension ArraySlice<UInt8> {
    /// Takes the part off that stands in front, and returns it without its size; nil if it was cut off.
    package mutating func popSized() -> ArraySlice<UInt8>? {
        guard count >= 4 else { return nil }
        let size = prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        self = dropFirst(4)
        guard count >= size else { return nil }
        defer { self = dropFirst(size) }
        return prefix(size)
    }
}
