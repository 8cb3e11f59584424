import Foundation
import Inspection
import LinuxSystem
import Machine
import Ownership
import Policy
import TestCaptures
import Testing

@testable import Reload
@testable import daxswitch

/// System calls that change a file system or the kernel's modules, whatever their arguments.
private let changingCalls: Set = [
    "creat", "mkdir", "mkdirat", "mknod", "mknodat", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2",
    "link", "linkat", "symlink", "symlinkat", "truncate", "ftruncate", "chmod", "fchmod", "fchmodat", "chown", "fchown",
    "fchownat", "lchown", "utimensat", "setxattr", "mount", "umount2", "init_module", "finit_module", "delete_module",
]

@Suite("apply, run on a recorded machine as if it were this one", .enabled(if: Jail.obstacle == nil, "no chroot here"))
struct RepeatedRunTests {
    private func machine(_ moment: String) throws -> CaptureRoot {
        try TestCaptures.copy(try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", moment))
    }

    /// The calls in a trace that write, or open for writing.
    private func writing(_ trace: String) -> [Substring] {
        trace.split(separator: "\n").filter { line in
            let call = line.drop { $0.isNumber || $0 == " " }
            let name = call.prefix { $0 != "(" }
            if changingCalls.contains(String(name)) { return true }
            // The standard streams of the child that reads the machine.
            guard name.hasPrefix("open"), !call.contains("\"/dev/null\"") else { return false }
            return ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"].contains { call.contains($0) }
        }
    }

    private func traced(_ arguments: [String], in root: CaptureRoot) throws -> (ended: Ended, trace: String) {
        let log = "\(TestCaptures.newDirectory())/trace"
        let calls = changingCalls.union(["open", "openat", "openat2"]).sorted().map { "?\($0)" }
        let tracer = ["strace", "-f", "-qq", "-e", "trace=\(calls.joined(separator: ","))", "-o", log]
        let ended = try Jail.run(arguments, in: root, tracer: tracer)
        let trace = try String(contentsOfFile: log, encoding: .utf8)
        try #require(trace.contains("iomem\""), "strace saw nothing: is it installed, and ptrace(2) allowed?")
        return (ended, trace)
    }

    @Test("--dry-run with steps pending opens nothing for writing, which its system calls show")
    func dryRun() throws {
        let root = try machine("cxl-owned")
        let (ended, trace) = try traced(["apply", "hmem", "--dry-run", "--json"], in: root)
        #expect(ended.status == 0, "\(ended.complaint)")
        let document = try ended.document()
        #expect(document["outcome"] as? String == "dry-run" && document["changed"] as? Bool == false)
        #expect((document["steps"] as? [Any])?.count == 5)
        #expect(writing(trace) == [])
        let saving = try traced(["plan", "hmem", "--out", "/plan.json"], in: root)
        #expect(writing(saving.trace).contains { $0.contains("/plan.json") }, "the trace would show it")
    }

    @Test("where what is wanted holds: nothing to do, nothing changed, 0, and a record each time")
    func again() throws {
        let root = try machine("hmem-owned")
        for _ in 1...2 {
            let ended = try Jail.run(["apply", "hmem", "--yes", "--json"], in: root)
            #expect(ended.status == 0, "\(ended.complaint)")
            let document = try ended.document()
            #expect(document["outcome"] as? String == "nothing-to-do" && document["changed"] as? Bool == false)
        }
        let history = try Tool.run(["history", "--json"], on: root).document()
        #expect(try Schema(named: "history").problems(history) == [])
        let records = try #require(history["records"] as? [[String: Any]])
        #expect(records.map { $0["outcome"] as? String } == ["nothing-to-do", "nothing-to-do"])
    }

    @Test("a history that can't be written is said, and does not change how the run ends")
    func noHistory() throws {
        let root = try machine("hmem-owned")
        try Data().write(to: root.url("/var"))
        let ended = try Jail.run(["apply", "hmem", "--yes"], in: root)
        #expect(ended.status == 0)
        #expect(ended.complaint.contains("this run could not be added to the history: can't create /var/lib"))
    }

    @Test("a disk that is full in the middle of the record: said, and the history is as it was")
    func fullDisk() throws {
        let root = try machine("hmem-owned")
        let line = "{\"kind\":\"record\"}\n"
        try FileManager.default.createDirectory(
            at: root.url("/var/lib/daxswitch"),
            withIntermediateDirectories: true
        )
        try Data(line.utf8).write(to: root.url(History.path))
        let ended = try Jail.run(["apply", "hmem", "--yes"], in: root, tracer: ["prlimit", "--fsize=100"])
        #expect(ended.status == 0)
        #expect(ended.complaint.contains("this run could not be added to the history"))
        #expect(try String(contentsOf: root.url(History.path), encoding: .utf8) == line)
    }

    @Test("a saved plan, applied again after it was carried out: nothing to do, nothing changed, 0")
    func planAgain() throws {
        let (before, after) = (try machine("cxl-owned"), try machine("hmem-owned"))
        #expect(try Jail.run(["plan", "hmem", "--out", "/plan.json"], in: before).status == 0)
        try FileManager.default.copyItem(at: before.url("/plan.json"), to: after.url("/plan.json"))
        for mode in ["--yes", "--dry-run", "--yes"] {
            let ended = try Jail.run(["apply", "/plan.json", mode, "--json"], in: after)
            #expect(ended.status == 0, "\(ended.complaint)")
            let document = try ended.document()
            #expect(try Schema(named: "apply").problems(document) == [])
            #expect(document["outcome"] as? String == (mode == "--yes" ? "nothing-to-do" : "dry-run"))
            #expect(document["changed"] as? Bool == false && (document["stale"] as? [Any])?.isEmpty == true)
        }
    }

    /// A machine on which a run of policy hmem was cut off before its first step.
    private func machineWithJournal() throws -> CaptureRoot {
        let root = try machine("cxl-owned")
        let found = try Inspector(root: root.path).read()
        let plan = try Planner(machine: found).plan(try PolicyLibrary(folders: []).find("hmem").policy)
        let header = JournalHeader(plan, on: found, rules: found.kernel.generation.value, accepted: [])
        try Journal(JournalFile(StateDirectory(root: root.path))).begin(header)
        return root
    }

    @Test("recover --dry-run opens nothing for writing, and says what recover would do")
    func recoverDryRun() throws {
        let root = try machineWithJournal()
        let (ended, trace) = try traced(["recover", "--dry-run", "--json"], in: root)
        #expect(ended.status == 0, "\(ended.complaint)")
        let document = try ended.document()
        #expect(document["outcome"] as? String == "dry-run" && document["journal"] as? String == "unfinished")
        #expect(writing(trace) == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.path + "/run/daxswitch") == ["journal"])
    }

    @Test("recover --dry-run where there is nothing: 0, and nothing is made")
    func recoverNothing() throws {
        let root = try machine("cxl-owned")
        let (ended, trace) = try traced(["recover", "--dry-run", "--json"], in: root)
        #expect(ended.status == 0, "\(ended.complaint)")
        #expect(try ended.document()["outcome"] as? String == "nothing-to-recover")
        #expect(writing(trace) == [])
    }

    @Test("a journal that is unfinished or damaged: apply --dry-run ends as apply --yes", arguments: [true, false])
    func journal(isWhole: Bool) throws {
        let root = try machineWithJournal()
        let state = StateDirectory(root: root.path)
        if !isWhole { try Data("{}\n".utf8).write(to: URL(fileURLWithPath: state.journal)) }
        let (preview, trace) = try traced(["apply", "hmem", "--dry-run", "--json"], in: root)
        let real = try Jail.run(["apply", "hmem", "--yes", "--json"], in: root)
        for ended in [preview, real] {
            #expect(ended.status == 5, "\(ended.complaint)")
            let document = try ended.document()
            #expect(try Schema(named: "apply").problems(document) == [])
            let error = try #require(document["error"] as? [String: Any])
            #expect(error["code"] as? String == (isWhole ? "unfinished-journal" : "damaged-journal"))
            #expect(document["changed"] as? Bool == false && (document["steps"] as? [Any])?.count == 5)
        }
        #expect(preview.output == real.output)
        #expect(writing(trace) == [])
    }

    @Test("while another daxswitch is running, --dry-run says so: 75", arguments: [["apply", "hmem"], ["recover"]])
    func atWork(command: [String]) throws {
        let root = try machineWithJournal()
        let lock = try Lock(StateDirectory(root: root.path))
        let ended = try Jail.run(command + ["--dry-run", "--json"], in: root)
        withExtendedLifetime(lock) {}
        #expect(ended.status == 75)
        #expect(ended.complaint.contains("another daxswitch is running (pid "))
    }

    @Test(
        "--dry-run with --wait looks once the other one is through",
        arguments: [(["apply", "hmem"], 5), (["recover"], 0)]
    )
    func afterWork(command: [String], status: Int) throws {
        let root = try machineWithJournal()
        let other = Process()
        let output = Pipe()
        other.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let lock = StateDirectory(root: root.path).lock
        other.arguments = ["flock", "--no-fork", lock, "sh", "-c", "echo in; exec sleep 1"]
        other.standardOutput = output
        try other.run()
        _ = output.fileHandleForReading.availableData
        let ended = try Jail.run(command + ["--dry-run", "--wait", "60", "--json"], in: root)
        other.waitUntilExit()
        #expect(Int(ended.status) == status, "\(ended.complaint)")
    }

    @Test(
        "a policy that others can write, in the current directory or by its name: 77, and not even planned",
        arguments: [("/mine", "mine"), ("/mine.toml", "mine.toml"), ("/etc/daxswitch/policies/mine.toml", "mine")]
    )
    func notTrusted(path: String, argument: String) throws {
        let root = try machine("cxl-owned")
        let policy = root.url(path)
        try FileManager.default.createDirectory(
            at: policy.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(at: repository.appendingPathComponent("Policies/hmem.toml"), to: policy)
        for (mode, status) in [(0o666, 77), (0o644, 0)] as [(Int, Int32)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: policy.path)
            let ended = try Jail.run(["apply", argument, "--dry-run"], in: root)
            #expect(ended.status == status, "\(ended.complaint)")
            #expect(ended.complaint.contains("\(path) is writable by users who are not root") == (status == 77))
        }
    }

    @Test("a saved plan of another boot: 3, with both boots, nothing changed")
    func stale() throws {
        let root = try machine("cxl-owned")
        #expect(try Jail.run(["plan", "hmem", "--out", "/plan.json"], in: root).status == 0)
        #expect(try Jail.run(["apply", "/plan.json", "--dry-run"], in: root).status == 0)
        try Data("another\n".utf8).write(to: root.url("/proc/sys/kernel/random/boot_id"))
        let ended = try Jail.run(["apply", "/plan.json", "--yes", "--json"], in: root)
        #expect(ended.status == 3)
        let stale = try #require(try ended.document()["stale"] as? [[String: Any]])
        #expect(stale.map { $0["fact"] as? String } == ["boot"] && stale[0]["now"] as? String == "another")
    }
}
