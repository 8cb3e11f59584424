import Iomem
import Testing

@Suite struct IomemParserTests {
    /// The problem and line that a text is refused with; nil where it is taken.
    private func refusal(_ text: String) -> (line: Int, problem: IomemError.Problem)? {
        do throws(IomemError) {
            _ = try IomemTree(parsing: text, file: "/proc/iomem")
            return nil
        } catch {
            return (error.line, error.problem)
        }
    }

    @Test("nesting comes from the addresses") func nesting() throws {
        let text = """
            00100000-3ffdffff : System RAM
            5d0000000-6cfffffff : CXL Window 0
              5d0000000-5efffffff : region0
                5d0000000-5efffffff : dax0.0
                  5d0000000-5efffffff : System RAM (kmem)
            700000000-effffffff : PCI Bus 0000:00

            """
        let tree = try IomemTree(parsing: text, file: "iomem")
        #expect(tree.flattened.map(\.depth) == [0, 0, 1, 2, 3, 0])
        #expect(
            tree.flattened.map(\.entry.name) == [
                "System RAM", "CXL Window 0", "region0", "dax0.0", "System RAM (kmem)", "PCI Bus 0000:00",
            ]
        )
        #expect(tree.roots[1].range == AddressRange(start: 0x5d_0000_0000 >> 4, end: 0x6c_ffff_ffff >> 4))
    }

    @Test("the indent that the kernel clips does not matter") func clippedIndent() throws {
        let text = (0..<8).map {
            "\(String(repeating: " ", count: min($0, 4) * 2))1000-\(8000 - $0 * 100) : depth\($0)\n"
        }
        let tree = try IomemTree(parsing: text.joined(), file: "iomem")
        #expect(tree.flattened.map(\.depth) == Array(0..<8))
    }

    @Test("names keep colons, dashes and brackets") func names() throws {
        let tree = try IomemTree(
            parsing: "b0000000-bfffffff : PCI ECAM 0000 [bus 00-ff]\nc0000000-c0000fff : ACPI : x-y\n",
            file: "iomem"
        )
        #expect(tree.roots.map(\.name) == ["PCI ECAM 0000 [bus 00-ff]", "ACPI : x-y"])
    }

    @Test("all zero is not a tree, and says why") func zeroed() {
        let text = "00000000-00000000 : Reserved\n  00000000-00000000 : System RAM\n"
        let refusal = refusal(text)
        #expect(refusal?.problem == .zeroed)
        let error = IomemError(file: "/proc/iomem", line: 0, problem: .zeroed)
        #expect("\(error)".contains("CAP_SYS_ADMIN"))
    }

    @Test("one zero line among others is fine") func oneZero() {
        #expect(refusal("00000000-00000000 : Reserved\n00001000-0009fbff : System RAM\n") == nil)
    }

    @Test("an empty text", arguments: ["", "\n"]) func empty(text: String) {
        #expect(refusal(text) != nil)
    }

    @Test(
        "a text cut at any byte of its last line is refused",
        arguments: 1..<"5d0000000-6cfffffff : CXL Window 0\n".utf8.count
    )
    func truncated(cut: Int) {
        let whole = "00100000-3ffdffff : System RAM\n5d0000000-6cfffffff : CXL Window 0\n"
        let refusal = refusal(String(whole.dropLast(cut)))
        #expect(refusal?.problem == .truncated)
        #expect(refusal?.line == 2)
    }

    @Test("bytes that are no text") func binary() {
        #expect(refusal("00100000-3ffdffff : System\u{0} RAM\n")?.problem == .binary(0))
        #expect(refusal("00100000-3ffdffff : System RAM\r\n")?.problem == .binary(0x0d))
        #expect(refusal("00001000-00001fff : a\n\u{7f}ELF\n")?.problem == .binary(0x7f))
        #expect(refusal("00001000-00001fff : a\n\u{7f}ELF\n")?.line == 2)
    }

    @Test(
        "lines that are not records",
        arguments: [
            "zz-10 : x", "10 : x", "-10 : x", "10- : x", "10-20 x", "10-20 :x", "10-20 : ", "+10-20 : x", "0x10-20 : x",
            "10--20 : x", "11111111111111111111-2 : x", "hello",
        ]
    )
    func malformed(line: String) {
        #expect(refusal("00000001-00000002 : ok\n\(line)\n00000100-00000200 : ok\n")?.problem == .malformed(line))
    }

    @Test("impossible ranges") func impossible() {
        #expect(refusal("20-10 : x\n")?.problem == .backwards)
        #expect(refusal("0-fffffffffffff : x\n") == nil)
        #expect(refusal("0-10000000000000 : x\n")?.problem == .tooLarge(1 << 52))
        #expect(refusal("10-20 : x\n18-28 : y\n")?.problem == .crossing)
        #expect(refusal("1000-1fff : x\n10-20 : y\n")?.problem == .crossing)
    }

    @Test("an error names file and line") func description() {
        let error = IomemError(file: "DIR/proc/iomem", line: 7, problem: .backwards)
        #expect("\(error)".hasPrefix("DIR/proc/iomem:7: "))
    }
}
