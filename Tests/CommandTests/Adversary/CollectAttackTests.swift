import Foundation
import LinuxSystem
import TestCaptures
import Testing

@Suite("Issue 10, number 3: collect writes nowhere but into its own directory")
struct CollectAttackTests {
    private static let isRoot = geteuid() == 0

    /// A machine that the tool takes for the running one, with a directory as /tmp is.
    private struct Host {
        let root: CaptureRoot
        let victim: URL

        init() throws {
            root = try TestCaptures.copyWithModules(TestCaptures.root("7.3.4/locked-switch/cxl-owned"))
            let release = try String(contentsOf: root.url("/proc/sys/kernel/osrelease"), encoding: .utf8)
            victim = root.url("/lib/modules/\(release.dropLast())/modules.dep")
            // Of this file, collect copies the lines about CXL and dax.
            let file = try String(contentsOf: victim, encoding: .utf8) + "kernel/fs/precious.ko:\n"
            try Data(file.utf8).write(to: victim)
            let temporary = root.url("/tmp")
            try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
            unsafe chmod(temporary.path, 0o1777)
        }

        var isUnharmed: Bool { (try? String(contentsOf: victim, encoding: .utf8))?.hasSuffix("precious.ko:\n") == true }

        /// An ordinary user who runs a shell script again and again, in the directory like /tmp.
        func attack(_ script: String) throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c",
                "while :; do \(script); done",
            ]
            process.currentDirectoryURL = root.url("/tmp")
            process.standardError = FileHandle.nullDevice
            try process.run()
            return process
        }
    }

    private static let attacks = [
        // The directory is the attacker's, and empty until collect has looked at it.
        "mkdir -m 777 capture; [ -d capture/proc ] && ln -s /lib capture/lib",
        "mkdir -p capture/proc; for i in iomem cmdline modules; do ln -s /lib/modules capture/proc/$i; done; "
            + "rm -rf capture",
        "ln -sfn .. capture; ln -sfn /lib capture; rm -rf capture",
        "for i in .capture.*; do mkdir -p $i/proc; ln -s ..//lib $i/dmesg; ln -sfn /lib $i; done",
    ]

    @Test(
        "links that another user keeps placing lead nowhere",
        .enabled(if: isRoot && Jail.obstacle == nil),
        arguments: attacks
    )
    func links(script: String) throws {
        let host = try Host()
        let attacker = try host.attack(script)
        defer { attacker.terminate() }
        for _ in 0..<4 {
            let ended = try Jail.run(["collect", "/tmp/capture"], in: host.root)
            #expect([0, 1, 64, 77].contains(ended.status), "\(ended.complaint)")
            #expect(host.isUnharmed)
            if ended.status == 0 {
                #expect(try FileStatus(host.root.path + "/tmp/capture", follows: false).user == 0)
            }
            try? FileManager.default.removeItem(at: host.root.url("/tmp/capture"))
        }
    }

    @Test(
        "a directory that another user can write is refused by name: 77",
        .enabled(if: isRoot && Jail.obstacle == nil)
    )
    func distrusted() throws {
        let host = try Host()
        let open = host.root.url("/tmp/open")
        try FileManager.default.createDirectory(at: open, withIntermediateDirectories: true)
        unsafe chmod(open.path, 0o777)
        for target in ["/tmp/open", "/tmp/open/capture"] {
            let ended = try Jail.run(["collect", target, "--json"], in: host.root)
            #expect(ended.status == 77)
            #expect(try (ended.document()["error"] as? [String: Any])?["code"] as? String == "not-trusted")
        }
        unsafe chmod(open.path, 0o755)
        unsafe chown(open.path, 65534, 65534)
        #expect(try Jail.run(["collect", "/tmp/open"], in: host.root).status == 77)
        #expect(try FileManager.default.contentsOfDirectory(atPath: open.path).isEmpty)
    }

    @Test("a recording and everything in it is its owner's alone", .enabled(if: isRoot && Jail.obstacle == nil))
    func modes() throws {
        let host = try Host()
        #expect(try Jail.run(["collect", "/tmp/capture"], in: host.root).status == 0)
        let capture = host.root.path + "/tmp/capture"
        let names = ((FileManager.default.enumerator(atPath: capture)?.allObjects ?? []) as? [String]) ?? []
        #expect(names.count > 50)
        for path in names.map({ "\(capture)/\($0)" }) + [capture] {
            let status = try FileStatus(path, follows: false)
            if status.kind != .link { #expect(status.permissions & 0o077 == 0, "\(path)") }
        }
        // The tool itself may lie in /tmp too, if the checkout does.
        let left = try FileManager.default.contentsOfDirectory(atPath: host.root.path + "/tmp")
        #expect(left.filter { $0.contains("capture") } == ["capture"])
    }

    @Test("a target that can't be a directory is named in a sentence", arguments: ["/dev/full", "/proc/version", "."])
    func sentence(target: String) throws {
        let ended = try Tool.run(command: [Tool.path, "collect", target], in: TestCaptures.newDirectory())
        #expect([1, 77].contains(ended.status))
        #expect(
            !ended.complaint.contains("Error Domain") && !ended.complaint.contains("CocoaError"),
            "\(ended.complaint)"
        )
        #expect(ended.complaint.contains("is not a directory") || ended.complaint.contains("current directory"))
    }

    @Test("a link inside the new directory is not followed; what failed leaves nothing behind")
    func newDirectory() throws {
        let around = TestCaptures.newDirectory()
        let victim = try temporaryFile("victim", "precious")
        do {
            let directory = try NewDirectory("\(around)/capture")
            let name = try #require(FileManager.default.contentsOfDirectory(atPath: around).first)
            try FileManager.default.createSymbolicLink(
                atPath: "\(around)/\(name)/proc",
                withDestinationPath: (victim as NSString).deletingLastPathComponent
            )
            #expect(throws: SystemError.self) { try directory.write([0x61], to: "/proc/victim") }
            try FileManager.default.createSymbolicLink(atPath: "\(around)/\(name)/file", withDestinationPath: victim)
            try directory.write([0x62], to: "/file")
            #expect(throws: SystemError.self) { try directory.make("/../sideways") }
            withExtendedLifetime(directory) {}
        }
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
        #expect(try FileManager.default.contentsOfDirectory(atPath: around).isEmpty)
    }

    @Test("what a killed collect left of the same target is removed, and nothing else with such a name")
    func leftOvers() throws {
        let around = TestCaptures.newDirectory()
        let manager = FileManager.default
        func make(_ name: String, mode: mode_t = 0o700) throws {
            try manager.createDirectory(atPath: "\(around)/\(name)/proc", withIntermediateDirectories: true)
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(around)/\(name)/proc/iomem"))
            unsafe chmod("\(around)/\(name)", mode)
        }
        try make(".capture.1f.new")
        try make(".capture.ffffffffffffffff.new")
        let kept = [".capture.1e.new", ".capture.xy.new", ".capture.new", ".other.1f.new", ".capture.b.1f.new"]
        for name in kept { try make(name, mode: name == kept[0] ? 0o755 : 0o700) }
        try manager.createSymbolicLink(atPath: "\(around)/.capture.1d.new", withDestinationPath: kept[1])
        try Data().write(to: URL(fileURLWithPath: "\(around)/.capture.1c.new"))
        let busy = try NewDirectory("\(around)/capture")
        let other = try NewDirectory("\(around)/capture")
        let left = Set(try manager.contentsOfDirectory(atPath: around))
        #expect(left.isSuperset(of: kept + [".capture.1d.new", ".capture.1c.new"]))
        #expect(left.isDisjoint(with: [".capture.1f.new", ".capture.ffffffffffffffff.new"]))
        // Two that are being filled leave each other alone.
        #expect(left.count == kept.count + 4)
        try busy.write([0x61], to: "/proc/iomem")
        try other.moveIntoPlace()
        withExtendedLifetime(busy) {}
    }

    @Test("a saved plan that is new can be read by its owner alone")
    func plan() throws {
        let root = try TestCaptures.root("7.3.4/locked-switch/cxl-owned")
        let file = TestCaptures.newDirectory() + "/plan.json"
        _ = try Tool.run(["plan", "hmem", "--out", file], on: root)
        #expect(try FileStatus(file).permissions == 0o600)
    }
}
