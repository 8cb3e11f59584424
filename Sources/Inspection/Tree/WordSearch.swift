internal import Glibc

/// Looks which of some texts the words of a file begin with, while its parts come one after the other.
struct WordSearch {
    private let beginnings: [[UInt8]]
    /// Whether a word that begins with a byte is of interest.
    private let initials: [Bool]
    /// The end of the last part, if a word may begin there and go on in the next one.
    private var rest: [UInt8] = []
    /// For each of the texts, whether a word begins with it.
    private(set) var found: [Bool]

    /// A search for words that begin with one of these texts.
    init(_ beginnings: [String]) {
        self.beginnings = beginnings.map { Array($0.utf8) }
        var initials = [Bool](repeating: false, count: 256)
        for text in self.beginnings { if let first = text.first { initials[Int(first)] = true } }
        self.initials = initials
        found = beginnings.map(\.isEmpty)
    }

    /// Looks into the next bytes of the file.
    mutating func look(into part: [UInt8]) {
        let bytes = rest.isEmpty ? part : rest + part
        let longest = beginnings.map(\.count).max() ?? 0
        var place = 0
        var open: Int?
        unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return }
            while place < buffer.count,
                let hit = unsafe memchr(start + place, Int32(UInt8(ascii: " ")), buffer.count - place)
            {
                let space = unsafe start.distance(to: UnsafeRawPointer(hit))
                place = space + 1
                if open == nil, space + longest >= buffer.count { open = space }
                guard place < buffer.count, initials[Int(unsafe buffer[place])] else { continue }
                for (index, text) in beginnings.enumerated() where !found[index] {
                    guard place + text.count <= buffer.count else { continue }
                    found[index] = unsafe text.withUnsafeBytes { text in
                        guard let text = text.baseAddress else { return true }
                        return unsafe memcmp(start + place, text, beginnings[index].count) == 0
                    }
                }
            }
        }
        rest = open.map { Array(bytes[$0...]) } ?? []
    }
}
