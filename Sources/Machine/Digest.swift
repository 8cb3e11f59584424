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
