import Foundation
import LinuxSystem
import Synchronization
import TestCaptures
import Testing

@Suite("Files that are written in one go")
struct WholeFileTests {
    private let folder = TestCaptures.newDirectory()
    private var file: String { "\(folder)/daxswitch.prom" }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

    @Test("many writers at once: each succeeds, the file is whole all the while, and nothing is left beside it")
    func together() throws {
        let size = 1 << 22
        try WholeFile.replace(file, with: [UInt8](repeating: 0, count: size))
        let torn = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 40) { index in
            do {
                try WholeFile.replace(file, with: [UInt8](repeating: UInt8(index + 1), count: size))
                let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
                if bytes.count != size || bytes.first != bytes.last { torn.add(1, ordering: .relaxed) }
            } catch {
                Issue.record(error)
            }
        }
        #expect(torn.load(ordering: .relaxed) == 0)
        #expect(try names() == ["daxswitch.prom"])
    }

    @Test("what a writer that was killed has left goes with a write an hour later; what may be at work stays")
    func leftOvers() throws {
        let others = ["daxswitch.prom.new", "daxswitch.prom.0123456789abcdef.old", "other.0123456789abcdef.new"]
        let left = ["daxswitch.prom.0123456789abcdef.new", "daxswitch.prom.fedcba9876543210.new"]
        for name in others + left { try Data("half".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        for name in others + left.prefix(1) {
            let path = "\(folder)/\(name)"
            try FileManager.default.setAttributes([.modificationDate: Date.now - 7200], ofItemAtPath: path)
        }
        try WholeFile.replace(file, with: [0x0a])
        #expect(try names() == (["daxswitch.prom"] + others + left.suffix(1)).sorted())
    }

    @Test("a write that fails leaves what was there, and nothing beside it")
    func failure() throws {
        try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)
        #expect(throws: SystemError.self) { try WholeFile.replace(file, with: [0x0a]) }
        #expect(try names() == ["daxswitch.prom"])
    }

    @Test("a written file has the directories above it; a removed one may be gone already")
    func writtenAndRemoved() throws {
        let path = "\(folder)/a/b/file"
        try WholeFile.write([0x0a], to: path)
        #expect(try File(path, O_RDONLY).readAll() == [0x0a])
        #expect(try FileStatus("\(folder)/a").permissions == 0o755)
        #expect(try FileStatus(path).permissions == 0o644)
        try WholeFile.remove(path)
        try WholeFile.remove(path)
        #expect(!File.exists(path))
    }
}
