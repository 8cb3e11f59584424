import Foundation
import TestCaptures
import Testing

/// A recorded machine as `/`, with a FUSE file system at `/dead` of which nobody answers a question.
@Suite("6: a dead file system", .enabled(if: DeadFileSystem.isPossible, "no mounting of FUSE here"))
struct DeadFileSystemTests {
    private func host() throws -> CaptureRoot {
        let root = try TestCaptures.copy(
            TestCaptures.root(kernel: "6.12.107-firmware", scenario: "auto-acpi-never", "02-device_dax")
        )
        try FileManager.default.createDirectory(at: root.url("/dead"), withIntermediateDirectories: true)
        return root
    }

    private func link(_ path: String, to target: String, in root: CaptureRoot) throws {
        let parent = root.url(path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: root.url(path).path, withDestinationPath: target)
    }

    @Test("a process has a file of it open: that is not looked at") func openFile() throws {
        let root = try host()
        try root.write("db\n", to: "/proc/7/comm")
        try root.write("pos:\t0\nmnt_id:\t44\n", to: "/proc/7/fdinfo/3")
        try root.write("44 1 0:99 / /dead rw - fuse none rw\n", to: "/proc/7/mountinfo")
        try link("/proc/7/fd/3", to: "/dead/file", in: root)
        let ended = try DeadFileSystem.run(["status"], in: root)
        #expect(ended.status == 0 && ended.complaint == "")
    }

    @Test(
        "the history, a recording, /boot or the root of process 1 is on it: the command ends in time",
        arguments: [
            (["history"], "/var/lib/daxswitch", Int32(75)), (["collect", "/dead/capture"], "", 75),
            (["recover", "--yes"], "/var/lib/daxswitch", 75), (["recover", "--yes"], "/proc/1/root", 0),
            (["persist", "hmem", "--dry-run"], "/boot", 0), (["persist", "hmem", "--yes"], "/proc/1/root", 77),
        ]
    )
    func otherFiles(arguments: [String], directory: String, status: Int32) throws {
        let root = try host()
        if !directory.isEmpty {
            try? FileManager.default.removeItem(at: root.url(directory))
            try link(directory, to: "/dead/x", in: root)
        }
        let ended = try DeadFileSystem.run(arguments, in: root)
        #expect(ended.status == status, "\(ended)")
        if status == 75 { #expect(ended.complaint.contains(" did not answer within 1 s"), "\(ended.complaint)") }
    }

    @Test(
        "what must be read is on it: the command ends in time, with 75, and names the file",
        arguments: [
            ["status"], ["plan", "hmem"], ["verify", "cxl"], ["predict", "unload:dax_cxl"], ["apply", "hmem", "--yes"],
            ["collect", "/capture"],
        ]
    )
    func configuration(arguments: [String]) throws {
        let root = try host()
        try? FileManager.default.removeItem(at: root.url("/etc/modprobe.d"))
        try link("/etc/modprobe.d", to: "/dead/modprobe.d", in: root)
        let ended = try DeadFileSystem.run(arguments, in: root)
        #expect(ended.status == 75)
        #expect(ended.complaint.hasPrefix("daxswitch: /etc/modprobe.d"))
        #expect(ended.complaint.contains(" did not answer within 1 s"))
    }
}

enum DeadFileSystem {
    /// Mounts it at the first argument, if there is one, in a mount namespace of its own, and becomes the command behind it.
    private static let script = """
        exec 3<>/dev/fuse
        mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none "$0"/dead && exec "$@"
        """

    static let isPossible: Bool = {
        guard geteuid() == 0, Jail.obstacle == nil else { return false }
        let directory = TestCaptures.newDirectory()
        try? FileManager.default.createDirectory(atPath: directory + "/dead", withIntermediateDirectories: true)
        return (try? Tool.run(command: tracer(directory) + ["true"]))?.status == 0
    }()

    /// A run that hangs is killed after a minute: 137.
    private static func tracer(_ directory: String) -> [String] {
        [
            "env", "DAXSWITCH_TEST_PATIENCE=1000", "timeout", "-s", "KILL", "60", "unshare", "--mount", "sh", "-c",
            script, directory,
        ]
    }

    static func run(_ arguments: [String], in root: CaptureRoot) throws -> Ended {
        try Jail.run(arguments, in: root, path: JailedTool.debugPath, tracer: tracer(root.path))
    }
}
