import Foundation
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

    @Test("collect where every address is zero: 77, and nothing is recorded")
    func collect() throws {
        let root = try TestCaptures.copy(try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "04"))
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
