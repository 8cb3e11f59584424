import TestCaptures
import Testing

@testable import Inspection

@Suite("Words of a file that is searched while it is read")
struct WordSearchTests {
    private static let symbols = ["dax_cxl_mode", "dax_hmem_probe", "init_task", "x"]

    private static func found(_ parts: [String]) -> [Bool] {
        var search = WordSearch(symbols)
        for part in parts { search.look(into: Array(part.utf8)) }
        return search.found
    }

    @Test("a word begins behind a space; what is in the middle of one, or at the start of the file, does not count")
    func words() {
        #expect(Self.found(["ffff T dax_cxl_mode\nffff d init_task\n"]) == [true, false, true, false])
        #expect(
            Self.found(["ffff T my_dax_cxl_mode\ndax_cxl_mode\nffff T dax_hmem_prob\n"]) == [
                false, false, false, false,
            ]
        )
        #expect(Self.found(["ffff T dax_hmem_probe.cold\t[dax_hmem]\n"]) == [false, true, false, false])
        #expect(Self.found([" x"]) == [false, false, false, true])
        #expect(Self.found([""]) == [false, false, false, false])
    }

    @Test("where the parts of the file end makes no difference", arguments: 1...24)
    func parts(size: Int) {
        let text = "0000 T dax_hmem_probes\n0000 b  dax_cxl_mod\n0000 D init_task\n0000 t dax_cxl_mode\n"
        let bytes = Array(text.utf8)
        let parts = stride(from: 0, to: bytes.count, by: size).map {
            String(decoding: bytes[$0..<min($0 + size, bytes.count)], as: UTF8.self)
        }
        #expect(Self.found(parts) == [true, true, true, false])
    }

    @Test("names in the order in which people number things")
    func numbered() {
        let ordered = [
            "01", "1", "2", "010", "10", "decoder1.2", "decoder1.10", "decoder1.10a", "region", "region2", "region10",
            "region18446744073709551616",
        ]
        #expect(ordered.shuffled().sorted(by: numberedBefore) == ordered)
        for name in ordered { #expect(!numberedBefore(name, name)) }
    }
}
