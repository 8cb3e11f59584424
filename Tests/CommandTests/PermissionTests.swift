import Foundation
import Ownership
import TestCaptures
import Testing

@testable import daxswitch

@Suite("Without privilege")
struct PermissionTests {
    /// The tool where an unprivileged user can run it.
    private func unprivileged(_ arguments: [String]) throws -> Ended {
        guard geteuid() == 0 else { return try Tool.run(arguments) }
        let folder = TestCaptures.newDirectory()
        try FileManager.default.copyItem(atPath: Tool.path, toPath: "\(folder)/daxswitch")
        for path in [folder, "\(folder)/daxswitch"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        let user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        return try Tool.run(command: user + ["\(folder)/daxswitch"] + arguments)
    }

    @Test("status of the running machine: 77, never zeroes as data")
    func status() throws {
        let ended = try unprivileged(["status"])
        #expect(ended.status == 77)
        #expect(ended.complaint.contains("/proc/iomem"))
    }

    @Test("apply: 77")
    func apply() throws {
        #expect(try unprivileged(["apply", "hmem", "--yes"]).status == 77)
    }

    @Test(
        "what is missing is named; root of a container is not root",
        arguments: [
            (0x1ff_ffff_ffff, "user:[4026531837]", nil), (0x1ff_ffff_ffff, nil, nil), (nil, nil, nil),
            (0x1ff_fffe_ffff, "user:[4026531837]", "CAP_SYS_MODULE"), (1 << 16, nil, "CAP_SYS_ADMIN"),
            (0, nil, "CAP_SYS_MODULE, CAP_SYS_ADMIN"), (0x1ff_ffff_ffff, "user:[4026532333]", "user:[4026532333]"),
        ] as [(UInt64?, String?, String?)]
    )
    func privilege(_ capabilities: UInt64?, _ namespace: String?, _ subject: String?) {
        let hazard = Privilege(capabilities: capabilities, userNamespace: namespace).hazard
        #expect(hazard?.subject == subject)
    }

    @Test(
        "root of a container that has the host's users sees neither its processes nor its /run",
        arguments: [
            ("pid:[4026531836]", nil, nil), ("pid:[4026532200]", nil, "pid:[4026532200]"), (nil, "/run", "/run"),
            ("pid:[4026531836]", "/", "/"), (nil, nil, nil),
        ] as [(String?, String?, String?)]
    )
    func container(_ namespace: String?, _ directory: String?, _ subject: String?) {
        let hazard = Privilege(
            capabilities: 0x1ff_ffff_ffff,
            userNamespace: "user:[4026531837]",
            pidNamespace: namespace,
            ownDirectory: directory
        ).hazard
        #expect(hazard?.subject == subject && (hazard == nil || hazard?.id == .notPermitted))
    }

    @Test("a directory is the same one whatever leads there; what can't be looked at is not judged")
    func directories() throws {
        let folders = (TestCaptures.newDirectory(), TestCaptures.newDirectory())
        try FileManager.default.createSymbolicLink(atPath: "\(folders.0)/same", withDestinationPath: folders.0)
        #expect(!Privilege.isOther(folders.0, than: "\(folders.0)/same"))
        #expect(Privilege.isOther(folders.0, than: folders.1))
        #expect(!Privilege.isOther(folders.0, than: "\(folders.0)/none"))
    }

    /// What is wrong with the file at `path`, opened now.
    private func problem(_ path: String, _ meanwhile: () throws -> Void = {}) throws -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try meanwhile()
        return FileTrust.problem(descriptor, at: path, trusting: geteuid())
    }

    private func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// A file `p.toml` in a new directory, both as they should be.
    private func trustedFile() throws -> (folder: String, file: String) {
        let folder = URL(fileURLWithPath: TestCaptures.newDirectory()).resolvingSymlinksInPath().path
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/p.toml"))
        try setMode(0o755, folder)
        try setMode(0o644, "\(folder)/p.toml")
        return (folder, "\(folder)/p.toml")
    }

    @Test("a file that others can write, or in a directory that they can, is not trusted; the way out is named")
    func trust() throws {
        let (folder, file) = try trustedFile()
        #expect(try problem(file) == nil)
        try setMode(0o664, file)
        #expect(try problem(file)?.hasSuffix("chmod go-w \(file)") == true)
        try setMode(0o644, file)
        try setMode(0o777, folder)
        #expect(try problem(file)?.hasSuffix("chmod go-w \(folder)") == true)
        try setMode(0o1777, folder)
        #expect(try problem(file) == nil)
    }

    @Test("a link over a directory that others can write is not trusted, however many links lead there")
    func links() throws {
        let (_, file) = try trustedFile()
        let (start, _) = try trustedFile()
        let (middle, _) = try trustedFile()
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: "\(middle)/second", withDestinationPath: file)
        try manager.createSymbolicLink(
            atPath: "\(start)/first",
            withDestinationPath: "../\(URL(fileURLWithPath: middle).lastPathComponent)/./second"
        )
        #expect(try problem("\(start)/first") == nil)
        try setMode(0o777, middle)
        #expect(try problem("\(start)/first")?.hasSuffix("chmod go-w \(middle)") == true)
    }

    @Test("only what is read is trusted: no pipe, nothing that was removed or replaced after it was opened")
    func opened() throws {
        let (folder, file) = try trustedFile()
        #expect(unsafe mkfifo("\(folder)/pipe", 0o600) == 0)
        #expect(try problem("\(folder)/pipe")?.contains("no regular file") == true)
        #expect(try problem(folder)?.contains("no regular file") == true)
        #expect(try problem(file) { try FileManager.default.removeItem(atPath: file) } != nil)
        let (_, second) = try trustedFile()
        #expect(try problem(second) { try Data().write(to: URL(fileURLWithPath: second), options: .atomic) } != nil)
    }

    @Test("collect where every address is zero: 77, and nothing is recorded")
    func collect() throws {
        let root = try TestCaptures.copy(
            try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first")
        )
        try Data("00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n".utf8)
            .write(to: root.url("/proc/iomem"))
        let directory = TestCaptures.newDirectory()
        let error = #expect(throws: CollectError.self) {
            try Collector(root: root.path, directory: directory).record()
        }
        #expect(error?.status == .notPermitted)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
    }
}
