import Iomem
import TestCaptures
import Testing

@testable import Map

@Suite("Cells by size")
struct ScaleTests {
    @Test(
        "each gets its share, and at least one cell",
        arguments: [
            (10, [1, 1], [5, 5]), (10, [3, 1, 1], [6, 2, 2]), (3, [1, 1, 1], [1, 1, 1]), (10, [1_000_000, 1], [9, 1]),
            (4, [1, 1_000, 1, 1], [1, 1, 1, 1]), (5, [0, 7], [1, 4]), (7, [1], [7]), (4, [0, 0], [2, 2]),
            (10, [1, 1, 1], [4, 3, 3]), (80, [.max, .max], [40, 40]),
        ] as [(Int, [UInt64], [Int])]
    )
    func share(total: Int, sizes: [UInt64], expected: [Int]) {
        #expect(shares(of: total, by: sizes) == expected)
    }

    @Test("the sum is always the whole, for any sizes")
    func sums() {
        var chance = SplitMix(seed: 7)
        for _ in 0..<4000 {
            let total = Int.random(in: 1...300, using: &chance)
            let sizes = (0..<Int.random(in: 1...total, using: &chance)).map { _ in
                UInt64.random(in: 0...(.max), using: &chance) >> UInt64.random(in: 0...64, using: &chance)
            }
            let shares = shares(of: total, by: sizes)
            #expect(shares.reduce(0, +) == total && shares.allSatisfy { $0 > 0 }, "\(total): \(sizes)")
        }
    }

    @Test("small neighbours are folded before large ones; two halves of the address space still become one")
    func folds() {
        let sizes: [UInt64] = [1 << 40, 1 << 20, 1 << 20, 1 << 20, 1 << 40]
        var start: UInt64 = 0
        let pieces = sizes.map { size in
            defer { start += size }
            return Piece(range: span(start, size), holder: .empty)
        }
        #expect(folded(pieces, atMost: 3).map(\.count) == [1, 3, 1])
        #expect(folded(pieces, atMost: 1).map(\.count) == [5])
        let halves = [span(0, 1 << 63), span(1 << 63, 1 << 63)].map { Piece(range: $0, holder: .empty) }
        #expect(folded(halves, atMost: 1).map(\.count) == [2])
    }
}
