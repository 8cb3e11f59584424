/// A range of physical addresses in bytes; both ends are inclusive, as in `/proc/iomem`.
package struct AddressRange: Hashable, Sendable, Comparable {
    /// The first byte.
    package let start: UInt64
    /// The last byte, inclusive.
    package let end: UInt64

    /// A range from `start` to `end`, both inclusive; nil where `end` lies before `start`.
    package init?(start: UInt64, end: UInt64) {
        guard start <= end else { return nil }
        self.start = start
        self.end = end
    }

    /// A range of `size` bytes from `start`; nil where it is empty or runs past the last address.
    package init?(start: UInt64, size: UInt64) {
        guard size > 0 else { return nil }
        let (end, overflow) = start.addingReportingOverflow(size - 1)
        guard !overflow else { return nil }
        self.init(start: start, end: end)
    }

    /// The number of bytes; saturates at `UInt64.max` for the whole address space.
    package var size: UInt64 {
        let (size, overflow) = (end - start).addingReportingOverflow(1)
        return overflow ? .max : size
    }

    /// Whether every byte of `other` lies in this range.
    package func contains(_ other: AddressRange) -> Bool { start <= other.start && other.end <= end }

    /// Whether the two ranges share a byte.
    package func overlaps(_ other: AddressRange) -> Bool { start <= other.end && other.start <= end }

    /// The bytes that both ranges share.
    package func intersection(_ other: AddressRange) -> AddressRange? {
        AddressRange(start: max(start, other.start), end: min(end, other.end))
    }

    /// Whether `other` begins directly behind this range.
    package func touches(_ other: AddressRange) -> Bool { end != .max && end + 1 == other.start }

    /// What is left of this range without the bytes of `others`, in address order.
    package func subtracting(_ others: some Sequence<AddressRange>) -> [AddressRange] {
        var rest: [AddressRange] = []
        var next = start
        for other in Array(others).sorted() where overlaps(other) && other.end >= next {
            if other.start > next, let gap = AddressRange(start: next, end: other.start - 1) { rest.append(gap) }
            guard other.end < end else { return rest }
            next = other.end + 1
        }
        if let gap = AddressRange(start: next, end: end) { rest.append(gap) }
        return rest
    }

    /// Whether the two ends lie on multiples of `alignment` bytes.
    package func isAligned(to alignment: UInt64) -> Bool {
        start.isMultiple(of: alignment) && (end &+ 1).isMultiple(of: alignment)
    }

    /// The bytes of the blocks of `size` bytes that lie in this range as a whole; nil without such a block.
    package func wholeBlocks(of size: UInt64) -> AddressRange? {
        // By the numbers of the first and the last block: the byte behind the last address is no address.
        let first = start / size + (start.isMultiple(of: size) ? 0 : 1)
        let endsWhole = end % size == size - 1
        guard endsWhole || end >= size else { return nil }
        let last = end / size - (endsWhole ? 0 : 1)
        return first <= last ? AddressRange(start: first * size, end: last * size + (size - 1)) : nil
    }

    /// Orders by start, then the larger range first, as nested resources are listed.
    package static func < (left: AddressRange, right: AddressRange) -> Bool {
        left.start != right.start ? left.start < right.start : left.end > right.end
    }
}

extension AddressRange: CustomStringConvertible {
    /// `0x5d0000000-0x5efffffff`.
    package var description: String {
        unsafe String(unsafeUninitializedCapacity: 37) { buffer in
            var count = unsafe writeHexadecimal(start, to: buffer, at: 0)
            unsafe buffer[count] = UInt8(ascii: "-")
            count += 1
            return unsafe writeHexadecimal(end, to: buffer, at: count)
        }
    }
}

extension Sequence<AddressRange> {
    /// The sum of the sizes; saturates at `UInt64.max`.
    package var totalSize: UInt64 { reduce(0) { $0.addingSaturated($1.size) } }

    /// The ranges in words: `0x5d0000000-0x5efffffff, 0x6d0000000-0x6efffffff`.
    package var words: String { map(\.description).joined(separator: ", ") }

    /// The first `count` ranges in words, and how many more there are.
    package func words(upTo count: Int) -> String {
        let ranges = Array(self)
        let more = ranges.count > count ? " and \(ranges.count - count) more" : ""
        return ranges.prefix(count).words + more
    }

    /// The same bytes in address order, with ranges that overlap or touch made one.
    package func merged() -> [AddressRange] {
        var result: [AddressRange] = []
        for range in Array(self).sorted() {
            if let last = result.last, range.start <= last.end || last.touches(range) {
                if range.end > last.end, let joined = AddressRange(start: last.start, end: range.end) {
                    result[result.count - 1] = joined
                }
            } else {
                result.append(range)
            }
        }
        return result
    }
}
