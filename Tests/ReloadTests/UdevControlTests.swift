import Foundation
import Synchronization
import TestCaptures
import Testing

@testable import Reload

/// A host without udev.
struct NoUdev: UdevControl {
    func reload() {}
}

@Suite("udevd is told of the hold")
struct UdevControlTests {
    let root = TestCaptures.newDirectory()

    /// Time that passes only by waiting, and no more of it at once than a uevent lets.
    final class Clock: Waiter {
        private let time = Mutex(Duration.zero)
        var now: Duration { time.withLock { $0 } }
        func wait(upTo limit: Duration) -> Bool {
            time.withLock { $0 += min(limit, .milliseconds(700)) }
            return limit > .milliseconds(700)
        }
        func waitForQuiet(upTo limit: Duration) {}
        func hasHeard() -> Bool { false }
        var lastHeard: Duration? { nil }
    }

    /// What its caller finds of udevd when the files are there.
    final class Witness: UdevControl {
        private let state: StateDirectory
        private let found = Mutex<[[Bool]]>([])
        var seen: [[Bool]] { found.withLock { $0 } }
        init(_ state: StateDirectory) { self.state = state }
        func reload() {
            let there = [state.hold, state.holdRules, state.holdChange].map {
                FileManager.default.fileExists(atPath: $0)
            }
            found.withLock { $0.append(there) }
        }
    }

    /// A program that notes what it is called with and ends with `status`.
    func program(_ name: String, status: Int) throws -> String {
        let path = "\(root)/\(name)"
        try "#!/bin/sh\necho \"$@\" >> \(root)/calls\nexit \(status)\n".write(
            toFile: path,
            atomically: false,
            encoding: .utf8
        )
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    func socket() throws -> String {
        try Data().write(to: URL(fileURLWithPath: "\(root)/control"))
        return "\(root)/control"
    }

    var calls: String? { try? String(contentsOfFile: "\(root)/calls", encoding: .utf8) }

    @Test("when both files are written, and when both are removed")
    func order() throws {
        let state = StateDirectory(root: root)
        let udev = Witness(state)
        let hold = DropInHold(state, udev: udev)
        try hold.hold()
        try hold.release()
        #expect(udev.seen == [[true, true, true], [false, false, true]])
    }

    @Test("by the first udevadm that is there, without waiting")
    func told() throws {
        let clock = Clock()
        let programs = ["\(root)/none", try program("udevadm", status: 0), try program("second", status: 1)]
        RunningUdev(waiter: clock, programs: programs, socket: try socket()).reload()
        #expect(calls == "control --reload --timeout=5\n")
        #expect(clock.now == .zero)
    }

    @Test("where that fails, by waiting until udevd has looked by itself, 3 s at most", arguments: [true, false])
    func waited(isThere: Bool) throws {
        let clock = Clock()
        let programs = isThere ? [try program("udevadm", status: 1)] : []
        RunningUdev(waiter: clock, programs: programs, socket: try socket()).reload()
        #expect(clock.now > .seconds(3))
        #expect((calls != nil) == isThere)
    }

    @Test("not at all where no udevd runs")
    func absent() throws {
        let clock = Clock()
        RunningUdev(waiter: clock, programs: [try program("udevadm", status: 1)], socket: "\(root)/none").reload()
        #expect(calls == nil)
        #expect(clock.now == .zero)
    }
}
