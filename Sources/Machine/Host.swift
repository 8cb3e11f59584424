/// Which machine this is, as far as it says.
package struct Host: Sendable, Equatable {
    /// A digest of `/etc/machine-id`, the same at every boot; nil where the machine has none.
    package var id: String?
    /// `/proc/sys/kernel/hostname`; nil where it was not recorded.
    package var name: String?

    /// A machine of which nothing need be known.
    package init(id: String? = nil, name: String? = nil) {
        self.id = id
        self.name = name
    }

    /// Whether the two can be one machine: the ids decide, without them the names, without those nothing speaks against.
    package func mayBe(_ other: Host) -> Bool {
        if let id, let otherID = other.id { return id == otherID }
        if let name, let otherName = other.name { return name == otherName }
        return true
    }
}

/// The 64-bit FNV-1a hash of lines, as 16 hexadecimal digits. It tells changes apart; it is no proof against intent.
package func digest(of lines: [String]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in lines.map({ $0 + "\n" }).joined().utf8 {
        hash ^= UInt64(byte)
        hash &*= 0x0000_0100_0000_01b3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
