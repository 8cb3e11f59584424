import LinuxSystem
import Testing

@Suite("Text is split and searched by bytes")
struct BytewiseTextTests {
    @Test(
        "lines that hold a word, each once and with its end",
        arguments: [
            ("", ""),
            ("a cxl\nb\ncxl c\n", "a cxl\ncxl c\n"),
            // Both words in one line; the order is that of the file.
            ("hmem cxl\nhmem\n\nx\ncxl", "hmem cxl\nhmem\ncxl\n"),
            ("cxl\r\nb\r\n", "cxl\r\n"),
            // A mark that belongs to the letter before it, as one Character, hides no word.
            ("cxl\u{301} dax\nhmem\u{301}\n", "cxl\u{301} dax\nhmem\u{301}\n"),
            // A word does not go on in the next line, and its first letter may come twice.
            ("cx\nl\nccxl\nhme", "ccxl\n"),
        ] as [(String, String)]
    )
    func holding(text: String, expected: String) {
        #expect(String(decoding: Array(text.utf8).lines(holding: ["cxl", "hmem"]), as: UTF8.self) == expected)
    }

    @Test("bytes that are no UTF-8 stay as they are")
    func otherBytes() {
        let line: [UInt8] = [0xff] + Array("cxl".utf8) + [0xfe, 0x0a]
        #expect((line + Array("b\n".utf8)).lines(holding: ["cxl"]) == line)
    }

    @Test("without words there are no lines")
    func noWords() {
        #expect(Array("cxl\n".utf8).lines(holding: []).isEmpty)
    }

    @Test(
        "parts between bytes",
        arguments: [
            ("a\r\nb", "\n", ["a\r", "b"]), ("a \u{301}b", " ", ["a", "\u{301}b"]), ("//a//b/", "/", ["a", "b"]),
        ] as [(String, Unicode.Scalar, [String])]
    )
    func parts(text: String, separator: Unicode.Scalar, expected: [String]) {
        #expect(text.parts(at: separator).map(String.init) == expected)
    }
}
