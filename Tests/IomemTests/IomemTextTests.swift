import Iomem
import Testing

/// `/proc/iomem` as people paste it. What each line says is known from the kernel's file that it was made of.
@Suite struct IomemTextTests {
    private static let kernel = """
        00100000-3ffdffff : System RAM
        a90000000-b8fffffff : CXL Window 0
          a90000000-b8fffffff : region0
            a90000000-b8fffffff : dax0.0
              a90000000-b8fffffff : System RAM (kmem)

        """

    private func read(_ text: String) throws -> IomemText {
        try IomemText(reading: Array(text.utf8), file: "ticket.txt")
    }

    @Test(
        "quoted, indented, with CRLF and tabs, from grep and with 0x: the same ranges, and no remark",
        arguments: [
            ("> ", "\n"), (">> ", "\n"), ("    ", "\n"), ("\t", "\n"), ("", "\r\n"), ("> ", "\r\n"), ("| ", "\n"),
            ("/proc/iomem:", "\n"), ("iomem-before.txt:12:", "\n"), ("12:", "\n"), ("12-", "\n"), ("", "  \n"),
            ("\u{a0}\u{a0}", "\n"), ("root/proc/iomem-7-", "\n"),
        ]
    )
    func forms(prefix: String, end: String) throws {
        let whole = try IomemTree(parsing: Self.kernel, file: "iomem")
        let lines = Self.kernel.split(separator: "\n").map { prefix + $0 + end }
        let text = try read(lines.joined())
        #expect(text.tree == whole)
        #expect(text.remarks.isEmpty, "\(text.remarks)")
    }

    @Test("a kernel's own file is read as the strict parser reads it") func strict() throws {
        #expect(try read(Self.kernel).tree == IomemTree(parsing: Self.kernel, file: "iomem"))
        let hexadecimal = "0xa90000000-0xb8fffffff : CXL Window 0"
        #expect(try read(hexadecimal).tree.roots.map(\.name) == ["CXL Window 0"])
        let tabs = "a90000000-b8fffffff\t:\tCXL Window 0"
        #expect(try read(tabs).tree.roots.map(\.name) == ["CXL Window 0"])
    }

    @Test(
        "a comment after the name is told and is no part of it",
        arguments: [
            "  ### 2 hmem nodes", " # what is this?", "\t<- here", " <-- here", " // here", " <== here", "   gone",
            " \u{2190} here",
        ]
    )
    func comments(comment: String) throws {
        let text = try read("180000000-1ffffffff : Soft Reserved\(comment)\n  180000000-1bfffffff : dax1.0\n")
        #expect(text.tree.roots.map(\.name) == ["Soft Reserved"])
        #expect(text.remarks.map(\.line) == [1])
        #expect(text.remarks.allSatisfy { $0.problem == "a comment after the name" })
    }

    @Test("what is no line of the file is told with its number") func noise() throws {
        let text = try read(
            """
            Hi all, this is my host:
            $ sudo cat /proc/iomem
            [sudo] password for me:
            [...snip...]
            c050000000-c08fffffff : CXL Window 0

              c050000000-c08fffffff : Soft Reserved
            [snip]
            ...
            c090000000- : cut
            -- 
            """
        )
        #expect(text.tree.flattened.map(\.entry.name) == ["CXL Window 0", "Soft Reserved"])
        #expect(text.remarks.map(\.line) == [1, 2, 3, 4, 8, 9, 10, 11])
    }

    @Test("one damaged line among 10,000 is told, and the others are read") func many() throws {
        var lines = (0..<10_000).map { index in
            let start = String(0x1_0000_0000 + index * 0x1000, radix: 16)
            return "\(start)-\(String(0x1_0000_0fff + index * 0x1000, radix: 16)) : range \(index)"
        }
        lines[4711] = "1012670\u{7}0-101267fff : range 4711"
        let text = try read(lines.joined(separator: "\n") + "\n")
        #expect(text.tree.roots.count == 9_999)
        #expect(text.remarks.map(\.line) == [4712])
    }

    @Test("impossible ranges are told, and so is a second listing") func impossible() throws {
        let text = try read(
            """
            5d0000000-5efffffff : Soft Reserved
            5f0000000-5e0000000 : backwards
            fffffffffffff000-ffffffffffffffff : far away
            600000000-6ffffffff : CXL Window 0
              680000000-77fffffff : region0
            5d0000000-5efffffff : Soft Reserved
            """
        )
        #expect(text.tree.flattened.map(\.entry.name) == ["Soft Reserved", "CXL Window 0"])
        #expect(
            text.remarks.map(\.problem) == [
                "it ends before it starts", "it lies beyond the 52 bits of a physical address",
                "it overlaps the range of line 4 only partly, or is from another listing",
                "it overlaps the range of line 4 only partly, or is from another listing",
            ]
        )
    }

    @Test("a text without such a line, and one without addresses, are refused") func refused() {
        #expect(throws: IomemError(file: "ticket.txt", line: 0, problem: .empty)) { try read("Dear list,\n\nhelp\n") }
        #expect(throws: IomemError(file: "ticket.txt", line: 0, problem: .empty)) { try read("") }
        #expect(throws: IomemError(file: "ticket.txt", line: 0, problem: .zeroed)) {
            try read("00000000-00000000 : Reserved\n  00000000-00000000 : System RAM\n")
        }
    }

    @Test("nesting without an end is told and does not exhaust the stack") func deep() throws {
        let text = try read((0..<3_000).map { "\(String(0x1000_0000 + $0, radix: 16))-ffffffff : x\n" }.joined())
        #expect(text.tree.flattened.count == 64 && text.remarks.count == 2_936)
    }
}
