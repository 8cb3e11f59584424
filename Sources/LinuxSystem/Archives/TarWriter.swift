/// A tar archive in memory, in the POSIX ustar format. Only the owner may read what is unpacked from it, and it has no times
/// and no names of users: the same files are the same archive.
package struct TarWriter {
    private var archive: [UInt8] = []

    /// An empty archive.
    package init() {}

    /// The bytes of the archive.
    package var bytes: [UInt8] { archive + [UInt8](repeating: 0, count: 2 * TarReader.blockSize) }

    /// Adds a member.
    package mutating func add(_ member: TarMember) {
        switch member.kind {
        case .file(let content):
            addHeader(member.path, type: "0", size: content.count)
            archive += content
            pad()
        case .directory: addHeader(member.path + "/", type: "5")
        case .link(let target): addHeader(member.path, type: "2", link: target)
        case .hardLink(let path): addHeader(member.path, type: "1", link: path)
        case .other: break
        }
    }

    private mutating func addHeader(_ path: String, type: Unicode.Scalar, size: Int = 0, link: String = "") {
        // What the fields can't hold goes before, each in a member of its own, as GNU tar does it.
        if path.utf8.count > 100 { addLong(path, type: "L") }
        if link.utf8.count > 100 { addLong(link, type: "K") }
        addBlock(path, type, size, link)
    }

    private mutating func addLong(_ text: String, type: Unicode.Scalar) {
        addBlock("././@LongLink", type, text.utf8.count + 1, "")
        archive += Array(text.utf8) + [0]
        pad()
    }

    private mutating func addBlock(_ path: String, _ type: Unicode.Scalar, _ size: Int, _ link: String) {
        var header = [UInt8](repeating: 0, count: TarReader.blockSize)
        func put(_ text: String, at start: Int, upTo count: Int) {
            for (index, byte) in text.utf8.prefix(count).enumerated() { header[start + index] = byte }
        }
        put(path, at: 0, upTo: 100)
        put(type == "5" ? "0000700" : "0000600", at: 100, upTo: 7)
        put("0000000", at: 108, upTo: 7)
        put("0000000", at: 116, upTo: 7)
        put(Self.octal(size, 11), at: 124, upTo: 11)
        put(Self.octal(0, 11), at: 136, upTo: 11)
        put("        ", at: 148, upTo: 8)
        header[156] = UInt8(ascii: type)
        put(link, at: 157, upTo: 100)
        put("ustar\u{0}00", at: 257, upTo: 8)
        put(Self.octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148, upTo: 8)
        archive += header
    }

    private mutating func pad() {
        let over = archive.count % TarReader.blockSize
        if over > 0 { archive += [UInt8](repeating: 0, count: TarReader.blockSize - over) }
    }

    private static func octal(_ number: Int, _ width: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
}
