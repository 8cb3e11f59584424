import Testing

@testable import Inspection

@Suite("Issue 10, number 16: lines of modprobe.d as libkmod reads them")
struct ContinuationTests {
    @Test(
        "a backslash before a line end joins, before anything else it goes",
        arguments: [
            ("install cxl_acpi \\\n/bin/false\n", [["install", "cxl_acpi", "/bin/false"]]),
            ("install cxl_\\\nacpi /bin/false", [["install", "cxl_acpi", "/bin/false"]]),
            ("install cxl\\_acpi /bin/\\false\n", [["install", "cxl_acpi", "/bin/false"]]),
            // Two backslashes are one, and the line ends.
            ("softdep a pre: b\\\\\ninstall c d\n", [["softdep", "a", "pre:", "b\\"], ["install", "c", "d"]]),
            // A comment goes on, and takes the next line with it.
            ("# a \\\ninstall cxl_acpi /bin/false\n", []), ("alias a b\\", [["alias", "a", "b"]]),
            ("\\\n\\\n\\\nalias a b\n", [["alias", "a", "b"]]),
            ("alias a b\0 c\nalias d e", [["alias", "a", "b"], ["alias", "d", "e"]]),
            ("", []), ("\n\\", []),
        ] as [(String, [[String]])]
    )
    func lines(text: String, expected: [[String]]) {
        let tree = FakeTree(["/etc/modprobe.d/a.conf": text])
        #expect(ModprobeConfiguration.ofNextBoot(tree).lines.map(\.words) == expected)
    }

    @Test("a line keeps the number of its first part")
    func numbers() {
        let tree = FakeTree(["/etc/modprobe.d/a.conf": "alias a b\nalias \\\nc \\\nd\n\nalias e f\n"])
        #expect(ModprobeConfiguration.ofNextBoot(tree).lines.map(\.number) == [1, 2, 6])
    }

    @Test("a million continuations take no time to speak of", .timeLimit(.minutes(1)))
    func many() {
        let tree = FakeTree(["/etc/modprobe.d/a.conf": String(repeating: "a\\\n", count: 1_000_000)])
        #expect(ModprobeConfiguration.ofNextBoot(tree).lines.count == 1)
    }
}
