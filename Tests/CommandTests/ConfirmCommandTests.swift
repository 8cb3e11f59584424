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

@Suite("A run that waits for confirmation, on the command line", .enabled(if: Jail.obstacle == nil, "no chroot here"))
struct ConfirmCommandTests {
    private func machine(_ moment: String) throws -> CaptureRoot {
        try TestCaptures.copy(try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", moment))
    }

    /// A machine on which policy hmem was carried out, and how its journal ends.
    ///
    /// - Parameter bootID: The boot of the run; nil for the one that goes on.
    private func machine(endingWith line: JournalLine, bootID: String? = nil) throws -> CaptureRoot {
        let root = try machine("hmem-owned")
        var before = try Inspector(root: try machine("cxl-owned").path).read()
        before.kernel.bootID = try bootID ?? Inspector(root: root.path).read().kernel.bootID
        let facts = try #require(before.factsToKeep(before: "cxl_acpi", kept: nil, probeIsDone: true))
        try RunningMachine(StateDirectory(root: root.path)).keep(facts)
        let plan = try Planner(machine: before).plan(try PolicyLibrary(folders: []).find("hmem").policy)
        let header = JournalHeader(
            plan,
            on: before,
            rules: before.kernel.generation.value,
            accepted: [],
            confirmation: TimedConfirmation(within: .seconds(300), now: .zero)
        )
        let journal = Journal(JournalFile(StateDirectory(root: root.path)))
        try journal.begin(header)
        for index in plan.steps.indices {
            try journal.write(JournalLine(event: .stepBegun, index: index))
            try journal.write(JournalLine(event: .stepEnded, index: index))
        }
        try journal.write(line)
        return root
    }

    private func waiting(for time: Duration = .seconds(240)) throws -> CaptureRoot {
        let deadline = (MonotonicClock.now + time).components.seconds * 1000
        return try machine(endingWith: JournalLine(event: .awaiting, deadline: deadline))
    }

    private func document(_ command: [String], in root: CaptureRoot, ends status: Int32) throws -> [String: Any] {
        let ended = try Jail.run(command + ["--json"], in: root)
        #expect(ended.status == status, "\(command): \(ended.complaint)")
        let document = try ended.document()
        #expect(try Schema(named: try #require(document["kind"] as? String)).problems(document) == [])
        return document
    }

    private func code(_ document: [String: Any]) -> String? {
        (document["error"] as? [String: Any])?["code"] as? String
    }

    @Test("status shows it with the time left and the commands; it is no finding and no difference")
    func status() throws {
        let root = try waiting()
        let document = try document(["status"], in: root, ends: 0)
        let member = try #require(document["awaiting_confirmation"] as? [String: Any])
        let left = try #require(member["seconds_left"] as? Int)
        #expect((200...240).contains(left))
        #expect(member["policy"] as? String == "hmem" && member["timer"] as? String == "daxswitch-confirm-0.timer")
        #expect((document["unfinished"] as? [Any])?.isEmpty == true)
        let text = try Jail.run(["status"], in: root).output
        #expect(text.contains("The run of policy hmem will be rolled back in "))
        #expect(text.contains("daxswitch confirm\n") && text.contains("daxswitch recover --undo\n"))
        #expect(try self.document(["verify", "hmem"], in: root, ends: 0)["matches"] as? Bool == true)
    }

    @Test("another apply ends 75, also to look and also of the same policy", arguments: ["cxl", "hmem"])
    func second(policy: String) throws {
        let root = try waiting()
        for mode in ["--yes", "--dry-run"] {
            #expect(code(try document(["apply", policy, mode], in: root, ends: 75)) == "awaiting-confirmation")
        }
    }

    @Test("recover ends 75 and names both commands; recover --undo shows the way back")
    func recover() throws {
        let root = try waiting()
        let refused = try document(["recover", "--dry-run"], in: root, ends: 75)
        #expect(refused["journal"] as? String == "awaiting-confirmation")
        let undo = try document(["recover", "--undo", "--dry-run"], in: root, ends: 0)
        #expect(undo["journal"] as? String == "awaiting-confirmation" && (undo["steps"] as? [Any])?.isEmpty == false)
    }

    @Test("confirm: 0, again: 0; then nothing waits, and the history has one record of it")
    func confirm() throws {
        let root = try waiting()
        let first = try document(["confirm"], in: root, ends: 0)
        #expect(first["outcome"] as? String == "confirmed" && first["policy"] as? String == "hmem")
        #expect(try document(["confirm"], in: root, ends: 0)["outcome"] as? String == "already-confirmed")
        #expect(try document(["status"], in: root, ends: 0)["awaiting_confirmation"] is NSNull)
        _ = try document(["apply", "hmem", "--yes"], in: root, ends: 0)
        let history = try document(["history"], in: root, ends: 0)
        let records = try #require(history["records"] as? [[String: Any]])
        #expect(records.map { $0["command"] as? String } == ["confirm", "apply"])
        #expect(records.first?["outcome"] as? String == "confirmed" && records.first?["policy"] as? String == "hmem")
    }

    @Test("confirm without a run: 0")
    func nothing() throws {
        let root = try machine("hmem-owned")
        #expect(try document(["confirm"], in: root, ends: 0)["outcome"] as? String == "nothing-to-confirm")
        let done = try machine(endingWith: JournalLine(event: .finished, outcome: JournalEnd.done.rawValue))
        #expect(try document(["confirm"], in: done, ends: 0)["outcome"] as? String == "nothing-to-confirm")
    }

    /// What the history has of an `apply hmem` with a deadline, in another boot.
    private func applied(command: String = "apply", confirmWithin: Int?, changed: Bool = true) -> HistoryRecord {
        HistoryRecord(
            time: "2026-11-23T09:41:07Z",
            version: "0.2.0",
            command: command,
            bootID: "an-earlier-boot",
            policy: "hmem",
            outcome: "done",
            changed: changed,
            exitCode: 0,
            steps: ["hold"],
            hazards: [],
            accepted: [],
            differences: 0,
            confirmWithinSeconds: confirmWithin
        )
    }

    @Test("confirm after a reboot, with the journal still there: 1, and says what the reboot left")
    func rebootedWithJournal() throws {
        let awaiting = JournalLine(event: .awaiting, deadline: 1)
        let root = try machine(endingWith: awaiting, bootID: "an-earlier-boot")
        let document = try document(["confirm"], in: root, ends: 1)
        #expect(document["outcome"] as? String == "interrupted-by-reboot" && document["policy"] as? String == "hmem")
        let text = try Jail.run(["confirm"], in: root).output.replacing("\n", with: " ")
        #expect(text.contains("a reboot ended the run of policy hmem before somebody confirmed it"))
        #expect(text.contains("Owners now: hmem 512 MiB.") && text.contains("`daxswitch recover`"))
    }

    @Test("confirm after a reboot, which cleared /run: the history tells of the run, until something came after it")
    func rebooted() throws {
        let root = try machine("cxl-owned")
        try History.add(applied(confirmWithin: 300), root: root.path)
        try History.add(applied(confirmWithin: nil, changed: false), root: root.path)
        let document = try document(["confirm"], in: root, ends: 1)
        #expect(document["outcome"] as? String == "interrupted-by-reboot" && document["policy"] as? String == "hmem")
        let text = try Jail.run(["confirm"], in: root).output
        #expect(text.contains("2026-11-23T09:41:07Z") && !text.contains("journal"))
        try History.add(applied(command: "confirm", confirmWithin: nil, changed: false), root: root.path)
        #expect(try self.document(["confirm"], in: root, ends: 0)["outcome"] as? String == "nothing-to-confirm")
    }

    @Test("a run that nobody had to confirm, of this boot, or of a boot without an id was not cut off by a reboot")
    func notRebooted() {
        #expect(RebootedRun([applied(confirmWithin: 300)], bootID: "this-boot")?.policy == "hmem")
        #expect(RebootedRun([applied(confirmWithin: nil)], bootID: "this-boot") == nil)
        #expect(RebootedRun([applied(confirmWithin: 300)], bootID: "an-earlier-boot") == nil)
        #expect(RebootedRun([applied(confirmWithin: 300)], bootID: nil) == nil)
        #expect(RebootedRun([applied(confirmWithin: 300), applied(confirmWithin: nil)], bootID: "this-boot") == nil)
        #expect(RebootedRun([], bootID: "this-boot") == nil)
    }

    @Test("confirm after the roll-back: 1, and says so")
    func late() throws {
        let root = try machine(endingWith: JournalLine(event: .finished, outcome: JournalEnd.unconfirmed.rawValue))
        #expect(try document(["confirm"], in: root, ends: 1)["outcome"] as? String == "rolled-back")
        #expect(try Jail.run(["confirm"], in: root).output.contains("nobody confirmed the run in time"))
    }

    @Test("confirm after the time, while the roll-back has not begun: the run stays")
    func overtime() throws {
        let root = try waiting(for: .zero)
        #expect(try Jail.run(["status"], in: root).output.contains("is about to be rolled back"))
        #expect(try document(["confirm"], in: root, ends: 0)["outcome"] as? String == "confirmed")
    }

    @Test("confirm over a run that was interrupted: 5, recover is named")
    func cutOff() throws {
        let root = try machine(endingWith: JournalLine(event: .stopped, outcome: "stuck", message: "no"))
        let document = try document(["confirm"], in: root, ends: 5)
        #expect(code(document) == "unfinished-journal" && document["outcome"] as? String == "stopped")
    }

    @Test("without systemd it is refused before anything is asked or changed: 69, also to look; with nothing to do: 0")
    func noSystemd() throws {
        let root = try machine("cxl-owned")
        for mode in ["--yes", "--dry-run"] {
            let document = try document(["apply", "hmem", "--confirm-within", "5m", mode], in: root, ends: 69)
            #expect(code(document) == "no-timer" && document["changed"] as? Bool == false)
        }
        let done = try machine("hmem-owned")
        let document = try document(["apply", "hmem", "--confirm-within", "5m", "--yes"], in: done, ends: 0)
        #expect(document["awaiting_confirmation"] is NSNull)
    }

    @Test(
        "the time needs a unit and lies between 30 s and 24 h",
        arguments: ["5", "5 m", "29s", "25h", "1d", "-5m", "", "m"]
    )
    func usage(time: String) throws {
        let ended = try Tool.run(["apply", "hmem", "--confirm-within=\(time)"])
        #expect(ended.status == 64, "\(ended.complaint)")
        #expect(ended.complaint.contains("30s") && ended.complaint.contains("24h"))
    }

    @Test("times that are taken")
    func times() throws {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("24h", 86_400)] {
            #expect(TimeSpan(argument: text)?.time == .seconds(seconds))
        }
        let excluded = try Tool.run(["apply", "hmem", "--confirm-within", "5m", "--no-rollback"])
        #expect(excluded.status == 64 && excluded.complaint.contains("--no-rollback"))
    }

    @Test("times as people read them")
    func timeTexts() {
        let texts: [(Duration, String)] = [
            (.milliseconds(314), "0.31 s"), (.seconds(4), "4 s"), (.milliseconds(9_996), "10 s"),
            (.seconds(45), "45 s"),
            (.seconds(252), "4 min 12 s"), (.seconds(300), "5 min"), (.seconds(7_512), "2 h 5 min"), (.zero, "0 s"),
        ]
        for (time, text) in texts { #expect(timeText(time) == text) }
    }
}
