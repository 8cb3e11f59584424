internal import Glibc

extension [UInt8] {
    /// Whether the bytes of `text` occur somewhere; made for files of megabytes.
    func holds(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard let first = wanted.first else { return true }
        return unsafe withUnsafeBytes { bytes in
            unsafe wanted.withUnsafeBytes { needle in
                guard var place = bytes.baseAddress, let start = needle.baseAddress else { return false }
                var left = bytes.count
                while left >= needle.count, let hit = unsafe memchr(place, Int32(first), left - needle.count + 1) {
                    if unsafe memcmp(hit, start, needle.count) == 0 { return true }
                    left -= unsafe UnsafeRawPointer(hit) - place + 1
                    unsafe place = UnsafeRawPointer(hit) + 1
                }
                return false
            }
        }
    }
}
