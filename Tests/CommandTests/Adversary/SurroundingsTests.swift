import Foundation
import Inspection
import TestCaptures
import Testing

/// A whole run of the tool in surroundings that somebody else has prepared. The only step of the policy keeps cxl_acpi out,
/// which writes files of the jail and touches no kernel.
@Suite(
    "Adversary: what a run finds around it",
    .enabled(if: geteuid() == 0 && Jail.obstacle == nil, "needs root, and chroot")
)
struct SurroundingsTests {
    private let root: CaptureRoot

    init() throws {
        root = try TestCaptures.copyWithModules(
            try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        )
        let policies = root.url("/etc/daxswitch/policies")
        try FileManager.default.createDirectory(at: policies, withIntermediateDirectories: true)
        let policy = """
            summary = "The kernel's choice, without cxl_acpi."
            order = ["hold"]
            [want]
            covered_by_region = "any"
            window_only = "any"
            outside_windows = "any"
            [consent]
            offline_memory = false
            lose_regions = false
            """
        try Data(policy.utf8).write(to: policies.appendingPathComponent("held.toml"))
    }

    private func text(_ path: String) -> String? { try? String(contentsOf: root.url(path), encoding: .utf8) }

    private var isHeld: Bool { FileManager.default.fileExists(atPath: root.path + "/run/modprobe.d/00-daxswitch.conf") }

    /// Applies the policy; `shell` is what the shell does before, `redirection` where it leads the streams.
    private func apply(after shell: String = ":", _ redirection: String = "") throws -> Ended {
        let tracer = ["sh", "-c", "\(shell); exec \"$@\" \(redirection)", "sh"]
        return try Jail.run(["apply", "held", "--yes"], in: root, tracer: tracer)
    }

    @Test(
        "standard streams that are closed: what is said goes into no file of the run",
        arguments: ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"]
    )
    func streams(closed: String) throws {
        #expect(try apply(closed).status == 0)
        #expect(isHeld)
        let lock = try #require(text("/run/daxswitch/lock")).split(separator: "\n")
        #expect(lock.count == 3 && lock.last == "daxswitch apply held --yes")
        let journal = try #require(text("/run/daxswitch/journal")).split(separator: "\n")
        #expect(journal.count == 4 && journal.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
        let history = try #require(text("/var/lib/daxswitch/history.jsonl")).split(separator: "\n")
        #expect(history.count == 1 && history.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    }

    @Test("a closed standard output is a loss that is named, as before")
    func closedOutput() throws {
        #expect(try apply(">&-").complaint.contains("could not write all output: Bad file descriptor"))
    }

    @Test(
        "whatever a limit stops, the run is done, or nothing was changed",
        arguments: ["-n 4", "-n 5", "-n 6", "-n 7", "-n 8", "-f 0", "-f 1", "-f 3", "-f 4", "-l 0", "-u 1", "-c 0"]
    )
    func limits(limit: String) throws {
        let ended = try apply(after: "ulimit \(limit)")
        #expect([0, 1, 69].contains(ended.status), "\(ended.complaint)")
        #expect(isHeld == (ended.status == 0))
        let recovery = try Jail.run(["recover", "--yes", "--json"], in: root)
        #expect(recovery.status == 0, "\(recovery.complaint)")
        #expect(try recovery.document()["outcome"] as? String == "nothing-to-recover")
    }

    @Test("a state directory that another user can write to, or a link: 1, and nothing is written there")
    func stateDirectory() throws {
        let home = root.url("/home/mallory")
        let state = root.url("/run/daxswitch")
        let manager = FileManager.default
        let victim = root.url("/etc/victim")
        try Data("secret".utf8).write(to: victim)
        for kind in ["link", "owner", "mode", "file"] {
            try? manager.removeItem(at: root.url("/run"))
            try? manager.removeItem(at: home)
            try manager.createDirectory(at: root.url("/run"), withIntermediateDirectories: true)
            try manager.createDirectory(at: home, withIntermediateDirectories: true)
            #expect(unsafe chown(home.path, 4242, 4242) == 0)
            switch kind {
            case "link":
                try manager.createSymbolicLink(atPath: state.path, withDestinationPath: "/home/mallory")
                try manager.linkItem(at: victim, to: home.appendingPathComponent("lock"))
            case "file": try Data().write(to: state)
            default:
                try manager.createDirectory(at: state, withIntermediateDirectories: true)
                try manager.linkItem(at: victim, to: state.appendingPathComponent("lock"))
                if kind == "owner" { #expect(unsafe chown(state.path, 4242, 4242) == 0) }
                if kind == "mode" { #expect(unsafe chmod(state.path, 0o777) == 0) }
            }
            for command in [["apply", "held", "--yes"], ["recover", "--yes"]] {
                let ended = try Jail.run(command, in: root)
                #expect(ended.status == 1, "\(kind), \(command): \(ended.complaint)")
                #expect(ended.complaint.contains("/run/daxswitch"), "\(kind), \(command): \(ended.complaint)")
            }
            #expect(text("/etc/victim") == "secret" && !isHeld)
        }
    }

    @Test("a policy directory that others can write to: 77, and the advice is not to copy the policy there")
    func policyDirectory() throws {
        #expect(unsafe chmod(root.url("/etc/daxswitch/policies").path, 0o777) == 0)
        let ended = try apply()
        #expect(ended.status == 77 && !isHeld)
        #expect(ended.complaint.contains("chmod go-w /etc/daxswitch/policies"), "\(ended.complaint)")
        #expect(!ended.complaint.contains("such as /etc/daxswitch/policies"))
    }

    @Test("FIFOs in place of the files of a run keep nobody waiting", .timeLimit(.minutes(2)))
    func fifos() throws {
        for file in ["/run/daxswitch/journal", "/var/lib/daxswitch/persist.json"] {
            let place = root.url(file)
            try? FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            #expect(unsafe mkfifo(place.path, 0o600) == 0)
            for command in [["apply", "held", "--yes"], ["recover", "--yes"], ["persist", "hmem", "--yes"]] {
                // Killed, it would end with 137.
                let ended = try Jail.run(command, in: root, tracer: ["timeout", "--signal=KILL", "60"])
                #expect(ended.status != 137, "\(file), \(command)")
            }
            try? FileManager.default.removeItem(at: place)
        }
    }

    @Test("no variable of the caller's changes an answer, but for those that ask for no colour")
    func environment() throws {
        let hostile = [
            "TERM": "\u{1b}]0;x\u{7}", "COLUMNS": "-1", "LINES": "99999999999999999999", "LANG": "tr_TR.UTF-8",
            "LC_ALL": "../../../etc/shadow", "LANGUAGE": "%n%n%s", "TZ": "/dev/zero", "HOME": "/nowhere",
            "XDG_CONFIG_HOME": "/nowhere", "XDG_DATA_HOME": "/nowhere", "XDG_RUNTIME_DIR": "/nowhere",
            "TMPDIR": "/nowhere", "IFS": "/", "POSIXLY_CORRECT": "1", "MALLOC_PERTURB_": "165",
            "KMOD_LOG": "debug", "MODPROBE_OPTIONS": "--dry-run", "NOTIFY_SOCKET": "/nowhere",
        ]
        let words = hostile.map { "\($0.key)=\($0.value)" }
        for command in [["status"], ["status", "--json"], ["plan", "hmem"], ["history"], ["policies"]] {
            let plain = try Jail.run(command, in: root)
            let found = try Jail.run(
                command,
                in: root,
                tracer: ["env"] + words + ["/usr/bin/env", "PATH=/usr/sbin:/usr/bin"]
            )
            #expect(found.output == plain.output && found.status == plain.status, "\(command): \(found.complaint)")
        }
    }
}
