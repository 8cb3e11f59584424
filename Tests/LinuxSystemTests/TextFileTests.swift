import Foundation
import LinuxSystem
import TestCaptures
import Testing

@Suite("Text files that a person names")
struct TextFileTests {
    private func error(_ path: String, upTo limit: Int = 1 << 20) -> SystemError? {
        do throws(SystemError) {
            _ = try TextFile.read(path, upTo: limit)
            return nil
        } catch {
            return error
        }
    }

    @Test("what can't be read to its end is an error and no shorter text", arguments: ["/", "/proc/self/mem"])
    func failing(path: String) {
        #expect(error(path)?.code == .unavailable)
    }

    @Test("what is not trusted is not read")
    func distrusted() {
        let error = #expect(throws: SystemError.self) {
            try TextFile.read("/etc/passwd", upTo: 1 << 20) { file in "\(file.path) is odd" }
        }
        #expect(error?.code == .notTrusted && error?.cause == "/etc/passwd is odd")
    }

    @Test("a file is read up to the limit; bytes that are not UTF-8 are an error")
    func limits() throws {
        let path = "\(TestCaptures.newDirectory())/text"
        try Data(repeating: 0x61, count: 1 << 20 + 1).write(to: URL(fileURLWithPath: path))
        #expect(error(path)?.cause == "the file is larger than 1 MiB")
        try Data([0x61, 0xff]).write(to: URL(fileURLWithPath: path))
        #expect(error(path)?.cause == "it is not UTF-8 text")
        #expect(error("\(path).none")?.code == .notFound)
    }

    @Test(
        "lines of a file: the last one needs no end, and an empty line is one",
        arguments: [
            ("", []), ("\n", [""]), ("a", ["a"]), ("a\n\nb", ["a", "", "b"]), ("a\r\nb\n", ["a\r", "b"]),
        ] as [(String, [String])]
    )
    func lines(text: String, expected: [String]) throws {
        let path = "\(TestCaptures.newDirectory())/lines"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        var reader = LineReader(try File(path, O_RDONLY))
        var lines: [String] = []
        while let line = try reader.next() { lines.append(line) }
        #expect(lines == expected)
    }
}
