import CSystem
import Foundation
import Synchronization
import TestCaptures
import Testing

@testable import LinuxSystem

@Suite("Only one at a time: the lock, and the lock on a log")
struct LockTests {
    let root = TestCaptures.newDirectory()
    var path: String { "\(root)/run/lock" }

    @Test("one lock at a time; the second is told who has it")
    func lock() throws {
        let first = try Lock(path)
        do {
            let second = try Lock(path)
            Issue.record("two locks at once")
            withExtendedLifetime(second) {}
        } catch {
            #expect(error.code == .busy)
            #expect(error.cause?.contains("pid \(ProcessInfo.processInfo.processIdentifier)") == true)
            #expect(error.isRetryable)
        }
        withExtendedLifetime(first) {}
    }

    @Test("a hundred times at once: never two in the lock, and who waits gets it")
    func hundredTimes() {
        let path = path
        let inside = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 100) { _ in
            do {
                let lock = try Lock(path, waitingUpTo: .seconds(30))
                let together = inside.withLock { count in
                    count += 1
                    return count
                }
                #expect(together == 1)
                usleep(100)
                inside.withLock { $0 -= 1 }
                withExtendedLifetime(lock) {}
            } catch {
                Issue.record(error)
            }
        }
    }

    @Test("a lock file that is half written names nobody; a whole one names pid, command and time")
    func holder() {
        let holder = LockHolder(pid: 12, since: "2026-11-23T08:44:51Z", command: "daxswitch apply hmem")
        #expect(LockHolder(parsing: holder.text) == holder)
        for length in 0..<holder.text.count {
            #expect(LockHolder(parsing: String(holder.text.prefix(length))) == nil)
        }
        #expect("\(holder)" == #"pid 12, "daxswitch apply hmem", since 2026-11-23T08:44:51Z"#)
    }

    @Test("whoever has the lock is named only while it lives, and nobody but root can open the file to lock it")
    func strangers() throws {
        let modes = [0o644, 0o600]
        for (mode, pid) in zip(modes, [Int32.max, getpid()]) {
            let holder = LockHolder(pid: pid, since: "2026-11-23T08:44:51Z", command: "daxswitch apply hmem")
            try WholeFile.write(Array(holder.text.utf8), to: path)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let stranger = try File(path, O_RDONLY)
            #expect(flock(stranger.descriptor, LOCK_EX | LOCK_NB) == 0)
            let error = #expect(throws: SystemError.self) {
                let lock = try Lock(path)
                withExtendedLifetime(lock) {}
            }
            #expect(error?.code == .busy)
            #expect((error?.cause != nil) == (pid == getpid()))
            #expect(try permissions(of: path) == 0o600)
        }
    }

    @Test("a line is added whoever has locked the directory, and is given up where another keeps the log locked")
    func lineLog() throws {
        let lines = "\(root)/log/lines"
        try LineLog(lines, sizeLimit: 100).append("first")
        let directory = try File("\(root)/log", O_RDONLY | O_DIRECTORY)
        #expect(flock(directory.descriptor, LOCK_EX | LOCK_NB) == 0)
        try LineLog(lines, sizeLimit: 100).append("second")
        #expect(try String(contentsOfFile: lines, encoding: .utf8) == "first\nsecond\n")
        #expect(try permissions(of: "\(lines).lock") == 0o600)
        let log = try File("\(lines).lock", O_RDONLY)
        #expect(flock(log.descriptor, LOCK_EX | LOCK_NB) == 0)
        let error = #expect(throws: SystemError.self) {
            try LineLog(lines, sizeLimit: 100, patience: .milliseconds(10)).append("third")
        }
        #expect(error?.code == .busy)
    }

    private func permissions(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("a lock file that was removed while its lock was waited for is not the lock: the one now there is taken")
    func removed() throws {
        try WholeFile.makeParents(of: path)
        let before = try File(path, O_RDWR | O_CREAT, mode: 0o600)
        #expect(flock(before.descriptor, LOCK_EX | LOCK_NB) == 0)
        let change = onceWaiting(before.descriptor) { path in unsafe unlink(path) }
        let lock = try Lock(path, waitingUpTo: .seconds(20))
        change.wait()
        let another = try File(path, O_RDWR)
        #expect(flock(another.descriptor, LOCK_EX | LOCK_NB) != 0, "two locks at once")
        withExtendedLifetime(lock) {}
        withExtendedLifetime(before) {}
    }

    @Test(
        "a lock file that was replaced is waited for too: its lock may be another process's",
        arguments: [false, true]
    )
    func replaced(takes: Bool) throws {
        try WholeFile.makeParents(of: path)
        let before = try File(path, O_RDWR | O_CREAT, mode: 0o600)
        let after = try File("\(path).new", O_RDWR | O_CREAT, mode: 0o600)
        for file in [before.descriptor, after.descriptor] { #expect(flock(file, LOCK_EX | LOCK_NB) == 0) }
        let change = onceWaiting(before.descriptor) { path in unsafe rename("\(path).new", path) }
        let error = #expect(throws: SystemError.self) {
            if takes {
                let lock = try Lock(path, waitingUpTo: .seconds(2))
                withExtendedLifetime(lock) {}
            } else {
                try Lock.waitUntilFree(path, upTo: .seconds(2))
            }
        }
        #expect(error?.code == .busy)
        change.wait()
        withExtendedLifetime(before) {}
        withExtendedLifetime(after) {}
    }

    /// Changes what is at `path` as soon as it is open twice, by the test and by what waits for its lock, and then unlocks
    /// `descriptor`, which must stay open until the group that is given back is empty.
    private func onceWaiting(_ descriptor: Int32, change: @escaping @Sendable (String) -> Int32) -> DispatchGroup {
        let path = path
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) {
            let descriptors = { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] }
            for _ in 0..<10_000 {
                if descriptors().count(where: { File.linkTarget("/proc/self/fd/\($0)") == path }) >= 2 { break }
                usleep(1000)
            }
            #expect(change(path) == 0)
            #expect(flock(descriptor, LOCK_UN) == 0)
        }
        return group
    }

    @Test("the lock is free again when its owner is gone")
    func lockIsReleased() throws {
        for _ in 0..<2 {
            let lock = try Lock(path)
            withExtendedLifetime(lock) {}
        }
    }

    @Test("the lock holds against another process, and is free when that one is killed")
    func otherProcess() throws {
        try WholeFile.makeParents(of: path)
        let other = Process()
        let output = Pipe()
        other.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        other.arguments = ["flock", "--no-fork", path, "sh", "-c", "echo in; exec sleep 60"]
        other.standardOutput = output
        try other.run()
        defer { other.terminate() }
        #expect(try output.fileHandleForReading.read(upToCount: 2) == Data("in".utf8))
        do {
            let lock = try Lock(path)
            Issue.record("two locks at once")
            withExtendedLifetime(lock) {}
        } catch {
            #expect(error.code == .busy)
        }
        kill(other.processIdentifier, SIGKILL)
        other.waitUntilExit()
        let lock = try Lock(path)
        withExtendedLifetime(lock) {}
    }
}
