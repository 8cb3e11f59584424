/// A `/proc/iomem` of any length, in the shape of a host with CXL memory in use.
enum IomemText {
    /// What a window holds, from the outside to the inside; the names are those of 7.3.
    private static let nested = ["CXL Window", "region", "dax", "System RAM (kmem)"]

    static func of(lines count: Int) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(count * 48)
        for line in 0..<count {
            let (group, place) = (line / 8, line % 8)
            let start = UInt64(group) << 32
            // Four that are nested, then four beside each other.
            if place < nested.count {
                let name =
                    place == 3
                    ? nested[place] : "\(nested[place])\(place == 0 ? " " : "")\(group)\(place == 2 ? ".0" : "")"
                text += entry(start, start + 0x7fff_ffff, name, depth: place)
            } else {
                let first = start + 0x8000_0000 + UInt64(place - 4) * 0x1000_0000
                text += entry(
                    first,
                    first + 0xfff_ffff,
                    place.isMultiple(of: 2) ? "Reserved" : "0000:\(place)f:00.0",
                    depth: 0
                )
            }
        }
        return text
    }

    private static func entry(_ start: UInt64, _ end: UInt64, _ name: String, depth: Int) -> [UInt8] {
        let (first, last) = (String(start, radix: 16), String(end, radix: 16))
        let padding = { (digits: String) in String(repeating: "0", count: max(0, 8 - digits.count)) }
        return Array(
            "\(String(repeating: "  ", count: depth))\(padding(first))\(first)-\(padding(last))\(last) : \(name)\n".utf8
        )
    }
}
