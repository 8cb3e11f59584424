import Foundation
import TestCaptures
import Testing

@testable import LinuxSystem

@Suite("Entries for journald")
struct JournalSocketTests {
    @Test("a value of several lines goes with its size; without a journald nothing goes")
    func fields() {
        #expect(JournalSocket.field("MESSAGE", "one") == Array("MESSAGE=one\n".utf8))
        #expect(
            JournalSocket.field("MESSAGE", "a\nb")
                == Array("MESSAGE\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0] + Array("a\nb\n".utf8)
        )
        #expect(!JournalSocket(path: "/nowhere/socket").send([("MESSAGE", "lost")]))
    }

    @Test("journald's socket receives one datagram")
    func datagram() throws {
        let path = "\(TestCaptures.newDirectory())/socket"
        let listener = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        #expect(JournalSocket(path: path).send([("MESSAGE", "one"), ("DAXSWITCH_POLICY", "hmem")]))
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(listener, $0.baseAddress, $0.count, 0) }
        #expect(String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self) == "MESSAGE=one\nDAXSWITCH_POLICY=hmem\n")
    }
}
