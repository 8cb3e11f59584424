internal import Glibc

// Searches that go by bytes: made for files of megabytes, and for logs of thousands of lines.

extension [UInt8] {
    /// Whether the bytes of `text` occur somewhere.
    func holds(_ text: String) -> Bool { unsafe withUnsafeBufferPointer { unsafe $0.offset(of: text) != nil } }
}

extension StringProtocol {
    /// Whether the bytes of `text` occur somewhere.
    func holds(_ text: String) -> Bool { offset(of: text) != nil }

    /// Where the bytes of `text` occur first.
    func place(of text: String) -> Range<Index>? {
        guard let offset = offset(of: text) else { return nil }
        let start = utf8.index(startIndex, offsetBy: offset)
        return start..<utf8.index(start, offsetBy: text.utf8.count)
    }

    private func offset(of text: String) -> Int? {
        if let stored = utf8.withContiguousStorageIfAvailable({ unsafe $0.offset(of: text) }) { return stored }
        return unsafe Array(utf8).withUnsafeBufferPointer { unsafe $0.offset(of: text) }
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func offset(of text: String) -> Int? {
        if let offset = unsafe text.utf8.withContiguousStorageIfAvailable({ unsafe offset(ofBytes: $0) }) {
            return offset
        }
        return unsafe Array(text.utf8).withUnsafeBufferPointer { unsafe offset(ofBytes: $0) }
    }

    private func offset(ofBytes needle: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let start = needle.baseAddress, let first = unsafe needle.first else { return 0 }
        guard let origin = unsafe UnsafeRawPointer(baseAddress) else { return nil }
        var place = unsafe origin
        var left = count
        while left >= needle.count, let hit = unsafe memchr(place, Int32(first), left - needle.count + 1) {
            if unsafe memcmp(hit, start, needle.count) == 0 { return unsafe UnsafeRawPointer(hit) - origin }
            left -= unsafe UnsafeRawPointer(hit) - place + 1
            unsafe place = UnsafeRawPointer(hit) + 1
        }
        return nil
    }
}
