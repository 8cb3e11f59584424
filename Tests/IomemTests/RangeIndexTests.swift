import Testing

@testable import Iomem

@Suite("Ranges found by their bytes")
struct RangeIndexTests {
    @Test("an index finds what a look at each range finds, in their order")
    func equivalence() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let ranges = (0..<Int.random(in: 0...20, using: &random)).compactMap { _ in
                AddressRange(
                    start: .random(in: 0...60, using: &random),
                    size: .random(in: 1...20, using: &random)
                )
            }
            let index = RangeIndex(ranges)
            for start in UInt64(0)..<80 {
                let range = try #require(AddressRange(start: start, size: .random(in: 1...9, using: &random)))
                let expected = ranges.indices.filter { ranges[$0].overlaps(range) }
                #expect(index.places(overlapping: range) == expected)
                #expect(index.overlaps(range) == !expected.isEmpty)
                #expect(index.hasContainer(of: range) == ranges.contains { $0.contains(range) })
                #expect(index.cuts(range) == ranges.contains { $0.overlaps(range) && !$0.contains(range) })
                let crossing = ranges.contains { one in
                    one.overlaps(range) && !one.contains(range) && !range.contains(one)
                }
                #expect(index.crosses(range) == crossing)
                #expect(index.remainder(of: range) == range.subtracting(ranges))
                #expect(index.intersections(with: range) == ranges.compactMap { $0.intersection(range) })
            }
        }
    }

    @Test("the last address: nothing is behind it, and sums end there")
    func lastAddress() throws {
        let all = try #require(AddressRange(start: 0, end: .max))
        let last = try #require(AddressRange(start: .max, end: .max))
        #expect(RangeIndex([all, last]).places(overlapping: last) == [0, 1])
        #expect(!all.touches(last) && !last.touches(all))
        #expect([all, last].totalSize == .max && [all, last].merged() == [all])
        #expect(UInt64.max.addingSaturated(1) == .max && UInt64.max.multipliedSaturated(by: 2) == .max)
    }
}
