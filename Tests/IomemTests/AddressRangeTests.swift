import Iomem
import Testing

@Suite struct AddressRangeTests {
    private func range(_ start: UInt64, _ end: UInt64) throws -> AddressRange {
        try #require(AddressRange(start: start, end: end))
    }

    @Test("ends are inclusive") func ends() throws {
        #expect(AddressRange(start: 0x10, size: 0x10) == (try range(0x10, 0x1f)))
        #expect(try range(5, 5).size == 1)
        #expect(AddressRange(start: 5, end: 4) == nil)
        #expect(AddressRange(start: 5, size: 0) == nil)
        #expect(AddressRange(start: .max, size: 2) == nil)
        #expect(try range(0, .max).size == .max)
        #expect(try range(0x10, 0x1f).overlaps(range(0x1f, 0x20)))
        #expect(try !range(0x10, 0x1f).overlaps(range(0x20, 0x2f)))
        #expect(try range(0x20_0000, 0x3f_ffff).isAligned(to: 0x20_0000))
        #expect(try !range(0x20_0000, 0x3f_fffe).isAligned(to: 0x20_0000))
    }

    @Test("what is left without others") func subtracting() throws {
        let whole = try range(0x100, 0x1ff)
        #expect(whole.subtracting([AddressRange]()) == [whole])
        #expect(whole.subtracting([whole]).isEmpty)
        #expect(whole.subtracting([try range(0x0, 0x100)]) == [try range(0x101, 0x1ff)])
        #expect(
            whole.subtracting([try range(0x140, 0x14f), try range(0x120, 0x12f), try range(0x128, 0x141)])
                == [try range(0x100, 0x11f), try range(0x150, 0x1ff)]
        )
        #expect(whole.subtracting([try range(0x1ff, 0x300)]) == [try range(0x100, 0x1fe)])
        #expect(try range(0, .max).subtracting([try range(1, .max)]) == [try range(0, 0)])
    }

    @Test("merging joins what touches") func merging() throws {
        #expect(
            [try range(0x20, 0x2f), try range(0x10, 0x1f), try range(0x40, 0x4f), try range(0x41, 0x42)].merged()
                == [try range(0x10, 0x2f), try range(0x40, 0x4f)]
        )
        #expect([try range(5, .max), try range(9, .max)].merged() == [try range(5, .max)])
    }

    @Test("a parent sorts before its children") func order() throws {
        #expect(
            try [range(1, 2), range(1, 9), range(0, 0)].sorted() == [try range(0, 0), try range(1, 9), try range(1, 2)]
        )
    }
}
