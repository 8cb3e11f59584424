import Foundation
import Glibc
import TestCaptures
import Testing

@testable import Reload

@Suite("Writing to attributes of memory")
struct SysfsMemoryTests {
    private let root = TestCaptures.newDirectory()
    private let state = MemoryAttribute.block(7)

    private var directory: String { root + String(state.path.dropLast("/state".count)) }

    private func makeDirectory() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    @Test("the value arrives, and is read back")
    func arrives() throws {
        try makeDirectory()
        try Data("online\n".utf8).write(to: URL(fileURLWithPath: root + state.path))
        let memory = SysfsMemory(root: root)
        #expect(memory.isOnline(block: 7) == true)
        try memory.write("offline", to: state, while: { true })
        #expect(memory.isOnline(block: 7) == false)
    }

    @Test("an attribute that is gone says so")
    func gone() {
        let memory = SysfsMemory(root: root)
        #expect(memory.isOnline(block: 7) == nil)
        #expect(throws: WriteRefusal(ENOENT)) { try memory.write("offline", to: state, while: { true }) }
    }

    @Test("a link does not lead out of the root")
    func link() throws {
        try makeDirectory()
        let outside = TestCaptures.newDirectory() + "/state"
        try Data("online\n".utf8).write(to: URL(fileURLWithPath: outside))
        try FileManager.default.createSymbolicLink(atPath: root + state.path, withDestinationPath: outside)
        #expect(throws: WriteRefusal.self) {
            try SysfsMemory(root: root).write("offline", to: state, while: { true })
        }
        #expect(try String(contentsOfFile: outside, encoding: .utf8) == "online\n")
    }

    @Test("a write that does not end is broken off once it is to")
    func brokenOff() throws {
        try makeDirectory()
        let path = root + state.path
        #expect(unsafe mkfifo(path, 0o600) == 0)
        let reader = unsafe open(path, O_RDWR | O_NONBLOCK)
        defer { close(reader) }
        let block = [UInt8](repeating: 0, count: 4096)
        while unsafe write(reader, block, block.count) > 0 {}
        var asked = 0
        #expect(throws: WriteRefusal(EINTR)) {
            try SysfsMemory(root: root).write("offline", to: state) {
                asked += 1
                return asked < 2
            }
        }
        #expect(asked == 2)
    }
}
