import Testing

@testable import daxswitch

@Suite("Text in the terminal's width")
struct LayoutTests {
    private let style = Style(hasColour: true)

    private func texts(_ lines: [Line], _ width: Int) -> [String] { lines.flatMap { $0.broken(at: width) }.map(\.text) }

    @Test("a paragraph is broken between words, and each line is indented as the first")
    func paragraph() {
        #expect(
            texts(wrapped("No driver  owns 0x5d0000000-0x5efffffff (512 MiB).", indent: 4), 40)
                == ["    No driver owns", "    0x5d0000000-0x5efffffff (512 MiB)."]
        )
        #expect(texts(wrapped("short", indent: 2), 40) == ["  short"])
        #expect(wrapped(" ", indent: 2).isEmpty)
        #expect(texts(["", "  "], 40) == ["", "  "])
    }

    @Test("an item of a list is broken behind its number")
    func item() {
        #expect(texts(["  12. No driver owns these bytes."], 24) == ["  12. No driver owns", "      these bytes."])
        // Neither a size nor an address is a number of an item.
        #expect(texts(["  4 GiB are owned by no driver"], 20) == ["  4 GiB are owned by", "  no driver"])
        #expect(texts(["  1.5 GiB are owned by nobody"], 20) == ["  1.5 GiB are owned", "  by nobody"])
    }

    @Test("a word that is longer than a line is broken at a slash or comma, else where the line ends")
    func longWord() {
        #expect(texts(["at /sys/bus/cxl/devices/region0"], 20) == ["at", "/sys/bus/cxl/", "devices/region0"])
        #expect(texts(["a=\(String(repeating: "x", count: 25))"], 10) == ["a=xxxxxxxx", "xxxxxxxxxx", "xxxxxxx"])
        #expect(texts(["one,two,three,four,five"], 14) == ["one,two,three,", "four,five"])
    }

    @Test("a line that is quoted from a file stays one line")
    func quoted() {
        let text = "softdep dax_hmem pre: cxl_acpi cxl_pci cxl_mem"
        #expect(texts([style.faint(Line(quoting: text, after: "    | "))], 20) == ["    | \(text)"])
    }

    @Test("an emphasis goes on behind a break, and an indentation leaves half of the width")
    func emphasis() {
        let lines = (style.bad("Broken: ") + "one two").broken(at: 10)
        #expect(lines.map(\.text) == ["Broken:", "one two"])
        #expect(style.bad("one two").broken(at: 4) == [style.bad("one"), style.bad("two")])
        #expect(
            texts([Line(String(repeating: " ", count: 18) + "one two three")], 20) == [
                "          one two", "          three",
            ]
        )
    }

    @Test("no line is wider than the terminal, and no character is lost", arguments: 1...60)
    func everyWidth(width: Int) {
        let text = "a bb ccc /dddd/eeeee/ffffff,ggggggg hhhhhhhh 名前名前名前 e\u{301}e\u{301} 0x5d0000000-0x5efffffff"
        let rows: [[Line]] = [["NAME", "WHERE", "WHAT"], ["region0", "名前", "\(text)"], ["x", "", ""], ["y", "z"]]
        for lines in [[Line(text)], wrapped(text, indent: 2), aligned(rows)] {
            let broken = lines.flatMap { $0.broken(at: width) }
            // A wide character takes two columns, whatever there is.
            #expect(broken.allSatisfy { $0.width <= max(width, 6) }, "\(broken.map(\.text))")
            let found = broken.map(\.text).joined().filter { $0 != " " }
            #expect(found.count == lines.map(\.text).joined().filter { $0 != " " }.count)
        }
    }

    @Test("a row that is too long has its last cell broken in its column")
    func lastCell() {
        let rows: [[Line]] = [["dax0.0", "hmem", "system-ram, 512 of 512 blocks online"], ["dax1.0", "cxl", "idle"]]
        #expect(
            texts(aligned(rows), 40) == [
                "  dax0.0  hmem  system-ram, 512 of 512", "                blocks online", "  dax1.0  cxl   idle",
            ]
        )
    }

    @Test("columns for which there is no room go to the next line, in every row alike")
    func folded() {
        let rows: [[Line]] = [
            ["ADDRESSES", "SIZE", "OWNER", "DEVICE"], ["0x5d0000000-0x5efffffff", "512 MiB", "hmem", "dax0.0"],
            ["0x10000000-0x1fffffff", "256 MiB", "none", "-"], ["0x0-0xfff", "4 KiB"],
        ]
        #expect(
            texts(aligned(rows), 40) == [
                "  ADDRESSES                SIZE", "    OWNER  DEVICE", "  0x5d0000000-0x5efffffff  512 MiB",
                "    hmem   dax0.0", "  0x10000000-0x1fffffff    256 MiB", "    none   -",
                "  0x0-0xfff                4 KiB",
            ]
        )
    }

    @Test("columns line up where names are not ASCII")
    func wide() {
        let lines = aligned([["名前", "x"], ["e\u{301}", "y"], ["abcd", "z"]]).map(\.text)
        #expect(lines == ["  名前  x", "  e\u{301}     y", "  abcd  z"])
    }
}
