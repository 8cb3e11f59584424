import Testing

@testable import Iomem

@Suite("Numbers as the kernel and daxswitch write them")
struct NumberTests {
    @Test(
        "an address has 0x and digits alone",
        arguments: [
            ("0x5d0000000", 0x5_d000_0000), ("0x0", 0), ("0xffffffffffffffff", .max), ("5d0000000", nil), ("0x", nil),
            ("0x+5", nil), ("0x-5", nil), ("0x10000000000000000", nil), ("0x5 ", nil), ("", nil), ("-0x5", nil),
        ] as [(String, UInt64?)]
    )
    func address(_ text: String, _ number: UInt64?) {
        #expect(parseAddress(text) == number)
        if let number, text.first == "0" { #expect(hexadecimal(number) == text) }
    }

    @Test(
        "a number may be decimal, and never has a sign",
        arguments: [
            ("12", 12), ("0x12", 0x12), ("0X12", 0x12), ("+12", nil), ("-0", nil), ("0x+1", nil), ("1f", nil),
            ("", nil),
        ] as [(String, UInt64?)]
    )
    func number(_ text: String, _ number: UInt64?) { #expect(parseNumber(text) == number) }
}
