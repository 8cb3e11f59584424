import Testing

@testable import LinuxSystem

@Suite("Issue 10, number 13: text from outside is escaped by every writer")
struct EscapedTextTests {
    @Test(
        "what a terminal acts on is written visibly",
        arguments: [
            ("\u{1b}[2J", "\\x1b[2J"), ("a\tb\rc\u{7}", "a\\x09b\\x0dc\\x07"), ("a\nb", "a\\nb"), ("\r\n", "\\x0d\\n"),
            ("\u{7f}\u{9b}31m", "\\x7f\\x9b31m"), ("\u{202e}gpj", "\\u{202e}gpj"), ("\u{2028}", "\\u{2028}"),
            ("e\u{301} 漢字 🙂", "e\u{301} 漢字 🙂"), ("C:\\x", "C:\\x"), ("", ""),
        ]
    )
    func escaped(text: String, expected: String) {
        #expect(text.escaped() == expected)
    }

    @Test("every control and format character is escaped, and nothing that can be seen")
    func all() {
        for value in UInt32(0)..<0x2_0000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let isHarmful: Bool =
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: true
                default: false
                }
            #expect(("a\(scalar)b".escaped() != "a\(scalar)b") == isHarmful)
        }
    }

    @Test("a line for the kernel's log is one record, and no field for journald holds a control character")
    func logs() {
        let text = "apply \u{1b}]0;x\u{7}\n<0>Kernel panic"
        #expect(KernelLogDevice.record(text) == Array("<6>apply \\x1b]0;x\\x07\\n<0>Kernel panic\n".utf8))
        let field = JournalSocket.field("MESSAGE", "apply \u{1b}[1m")
        #expect(String(decoding: field, as: UTF8.self) == "MESSAGE=apply \\x1b[1m\n")
    }
}
