import Foundation
import Testing

@testable import LinuxSystem

@Suite("JSON from outside")
struct JSONBytesTests {
    /// FoundationEssentials of Swift 6.3 ends the process over the first of these if no line end is behind it.
    @Test("an array that is too deep at the very end, or cut off there, is an error", arguments: [1, 511, 512, 513])
    func deep(levels: Int) {
        for text in [String(repeating: "[", count: levels), "{\"a\":" + String(repeating: "[", count: levels)] {
            #expect(throws: (any Error).self) { try [String: Int](json: text.utf8) }
        }
    }

    @Test("a document is read") func value() throws {
        #expect(try [String: Int](json: "{\"a\": 1}".utf8) == ["a": 1])
    }

    @Test("all JSON is read in one place") func onePlace() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../Sources"
        )
        let files =
            FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
            ?? []
        let users = try files.filter { $0.pathExtension == "swift" }.filter {
            try String(contentsOf: $0, encoding: .utf8).contains("JSONDecoder(")
        }
        #expect(users.map(\.lastPathComponent) == ["JSONBytes.swift"])
    }
}
