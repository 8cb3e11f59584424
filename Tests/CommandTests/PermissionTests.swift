import Foundation
import LinuxSystem
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

    @Test("persist where process 1 can't be looked at: not taken for the host, after what is known for certain")
    func unknownRoot() {
        func hazard(_ capabilities: UInt64, directory: String? = nil, isRootKnown: Bool = false) -> String? {
            Privilege(
                capabilities: capabilities,
                userNamespace: "user:[4026531837]",
                ownDirectory: directory,
                isRootKnown: isRootKnown
            ).hazardOfPersisting?.subject
        }
        #expect(hazard(0x1ff_ffff_ffff) == "/proc/1/root")
        #expect(hazard(0x1ff_ffff_ffff, isRootKnown: true) == nil)
        #expect(hazard(0) == "CAP_SYS_ADMIN")
        #expect(hazard(0x1ff_ffff_ffff, directory: "/") == "/")
    }

    @Test("persist in a chroot without /proc/1: 77, and nothing is written", .enabled(if: Jail.obstacle == nil))
    func chroot() throws {
        let root = try TestCaptures.copy(
            try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first")
        )
        // A process 1 without what only its owner and root may see.
        try FileManager.default.createDirectory(at: root.url("/proc/1"), withIntermediateDirectories: true)
        let ended = try Jail.run(["persist", "hmem", "--yes"], in: root)
        #expect(ended.status == 77 && ended.complaint.contains("/proc/1/root can't be read"), "\(ended)")
        #expect(!FileManager.default.fileExists(atPath: root.url("/etc/modprobe.d/01-daxswitch.conf").path))
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
            try CaptureTarget(directory).write(Collector(root: root.path).record(), noting: nil)
        }
        #expect(error?.status == .notPermitted)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
    }
}
