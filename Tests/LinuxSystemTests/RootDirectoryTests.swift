import Foundation
import Glibc
import TestCaptures
import Testing

@testable import LinuxSystem

@Suite("Files below a root directory")
struct RootDirectoryTests {
    private let root = TestCaptures.newDirectory()

    init() throws {
        let files = FileManager.default
        try files.createDirectory(atPath: root + "/tree/sys/a", withIntermediateDirectories: true)
        try files.createDirectory(atPath: root + "/tree/etc", withIntermediateDirectories: true)
        try "inside\n".write(toFile: root + "/tree/etc/secret", atomically: false, encoding: .utf8)
        try "outside\n".write(toFile: root + "/secret", atomically: false, encoding: .utf8)
        func link(_ path: String, _ target: String) throws {
            try files.createSymbolicLink(atPath: root + "/tree" + path, withDestinationPath: target)
        }
        try link("/absolute", "/etc/secret")
        try link("/sys/a/upward", "../../../../../../../etc/secret")
        try link("/sys/outside", root + "/secret")
        try link("/sys/passwd", "/etc/passwd")
        try link("/sys/folder", "/etc")
        try link("/sys/loop", "loop")
    }

    @Test("resolved by the kernel or, where that can't be, here: the same files, and none outside")
    func walked() throws {
        let tree = RootDirectory(root + "/tree")
        let paths = [
            "/absolute", "/sys/a/upward", "/sys/folder/secret", "/sys/a/../folder/secret", "/../../secret",
            "/sys/outside",
            "/sys/passwd", "/sys/loop", "/sys/folder/passwd", "/etc/secret/deeper", "/nothing",
        ]
        for path in paths {
            let opened = try? tree.open(path, O_RDONLY).readAll()
            let walked = try? tree.openByWalking(path, O_RDONLY).readAll()
            #expect(walked == opened, "\(path)")
            #expect(opened == nil || opened == Array("inside\n".utf8), "\(path)")
        }
    }

    @Test("links are resolved and read alike by the kernel and here, also where nothing is")
    func resolved() throws {
        let tree = RootDirectory(root + "/tree/")
        let places = [
            "/absolute": "/etc/secret", "/sys/a/upward": "/etc/secret", "/sys/folder": "/etc",
            "/sys/folder/secret": "/etc/secret", "/sys/a/../folder/": "/etc", "/../..": "/", "/": "/",
            "/sys/./a": "/sys/a",
        ]
        for (path, place) in places {
            #expect(tree.resolve(path) == place, "\(path)")
            #expect(tree.resolveByWalking(path) == place, "\(path)")
            #expect(tree.exists(path), "\(path)")
        }
        for path in ["/sys/outside", "/sys/passwd", "/sys/loop", "/etc/secret/deeper", "/nothing", "/sys/a/nothing"] {
            #expect(tree.resolve(path) == nil, "\(path)")
            #expect(tree.resolveByWalking(path) == nil, "\(path)")
            #expect(!tree.exists(path), "\(path)")
        }
        #expect(tree.linkTarget("/sys/a/upward") == "../../../../../../../etc/secret")
        #expect(tree.linkTarget("/sys/loop") == "loop")
        for path in ["/sys/folder/secret", "/etc", "/nothing", "/sys/folder/nothing"] {
            #expect(tree.linkTarget(path) == nil, "\(path)")
        }
        #expect(tree.linkTarget("/sys/folder/../sys/passwd") == "/etc/passwd")
    }

    @Test("a child process, which has closed what its parent had open, opens the root again")
    func inChild() throws {
        let tree = RootDirectory(root + "/tree")
        #expect(tree.exists("/etc/secret"))
        let answer = try WatchedReading().answer { note in
            note.during("/etc/secret") { (try? tree.read("/etc/secret", upTo: 64)) ?? [] }
        }
        #expect(answer == Array("inside\n".utf8))
        #expect(tree.exists("/etc/secret"))
    }

    @Test("on the running machine a path below /proc stays there") func running() throws {
        func open(_ path: String) throws { _ = try RootDirectory("").open(path, O_RDONLY) }
        for path in ["/proc/self/status", "/proc/mounts"] { #expect(throws: Never.self) { try open(path) } }
        for path in ["/proc/self/cwd", "/proc/self/root/etc/passwd"] {
            #expect(throws: SystemError.self) { try open(path) }
        }
    }

    @Test("what is not a file of the size that was asked for is refused, and says why")
    func unusable() throws {
        let tree = RootDirectory(root + "/tree")
        #expect(try tree.read("/etc/secret", upTo: 7) == Array("inside\n".utf8))
        for (path, limit) in [("/etc", 7), ("/etc/secret", 6)] {
            let error = #expect(throws: SystemError.self) { try tree.read(path, upTo: limit) }
            #expect(error?.code == .unusable && error?.number == nil)
        }
        let error = #expect(throws: SystemError.self) { try tree.read("/nothing", upTo: 7) }
        #expect(error?.code == .notFound && error?.number?.name == "ENOENT")
    }
}
