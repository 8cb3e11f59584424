import Foundation
import Inspection
import LinuxSystem
import Machine
import Ownership
import Persistence
import Policy
import TestCaptures
import Testing

@testable import Reload
@testable import daxswitch

@Suite(
    "Adversary, issue 10 number 8: nothing ends well over a run that is half done",
    .enabled(if: Jail.obstacle == nil, "no chroot here")
)
struct HalfDoneTests {
    private func machine(_ moment: String) throws -> CaptureRoot {
        try TestCaptures.copy(try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", moment))
    }

    /// The journal of a run of policy hmem that was cut off before its first step, in the boot `bootID`.
    private func writeJournal(in root: CaptureRoot, bootID: String? = nil) throws {
        var found = try Inspector(root: try machine("cxl-owned").path).read()
        found.kernel.bootID = try bootID ?? Inspector(root: root.path).read().kernel.bootID
        let plan = try Planner(machine: found).plan(try PolicyLibrary(folders: []).find("hmem").policy)
        let header = JournalHeader(plan, on: found, rules: found.kernel.generation.value, accepted: [])
        try Journal(JournalFile(StateDirectory(root: root.path))).begin(header)
    }

    private func document(_ command: [String], in root: CaptureRoot, ends status: Int32) throws -> [String: Any] {
        let ended = try Jail.run(command + ["--json"], in: root)
        #expect(ended.status == status, "\(command): \(ended.complaint)")
        let document = try ended.document()
        #expect(try Schema(named: try #require(document["kind"] as? String)).problems(document) == [])
        return document
    }

    private func unfinished(_ document: [String: Any]) throws -> [[String: Any]] {
        try #require(document["unfinished"] as? [[String: Any]])
    }

    /// What each command says of a machine on which all that policy hmem wants holds.
    private func check(
        _ root: CaptureRoot,
        _ states: [String],
        apply: Int32,
        code: String? = nil,
        verify: Int32,
        history: Int32
    ) throws {
        let status = try document(["status"], in: root, ends: 0)
        #expect(try unfinished(status).map { $0["state"] as? String } == states)
        for mode in ["--yes", "--dry-run"] {
            let applied = try document(["apply", "hmem", mode], in: root, ends: apply)
            #expect((applied["error"] as? [String: Any])?["code"] as? String == code)
            #expect(applied["changed"] as? Bool == false)
        }
        let verified = try document(["verify", "hmem"], in: root, ends: verify)
        let kinds = try #require(verified["differences"] as? [[String: Any]]).map { $0["kind"] as? String }
        #expect(kinds == (verify == 0 ? [] : ["half-done"]))
        #expect(try unfinished(document(["history"], in: root, ends: history)).map { $0["state"] as? String } == states)
    }

    @Test("nothing is unfinished: all end with 0")
    func nothing() throws {
        try check(try machine("hmem-owned"), [], apply: 0, verify: 0, history: 0)
    }

    @Test("a run that was interrupted: apply 5, verify 4, history 5, and status names recover")
    func cutOff() throws {
        let root = try machine("hmem-owned")
        try writeJournal(in: root)
        try check(root, ["half-done"], apply: 5, code: "unfinished-journal", verify: 4, history: 5)
        for command in [["status"], ["history"], ["apply", "hmem", "--yes"], ["verify", "hmem"]] {
            let ended = try Jail.run(command, in: root)
            let words = (ended.output + ended.complaint).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(words.contains("an earlier run of policy hmem stopped half-way, after 0 of 5 steps"), "\(command)")
            #expect(words.contains("Run `daxswitch recover`"))
        }
    }

    @Test("a journal that can't be read, and one of 0.1.0, which is named with what to do")
    func unreadable() throws {
        let root = try machine("hmem-owned")
        try root.write("{}\n", to: "/run/daxswitch/journal")
        try check(root, ["damaged"], apply: 5, code: "damaged-journal", verify: 4, history: 5)
        let bootID = try #require(try Inspector(root: root.path).read().kernel.bootID)
        let line = #"{"event":"begun","run":{"boot_id":"\#(bootID)","schema_version":2}}"# + "\n"
        try root.write(line, to: "/run/daxswitch/journal")
        try check(root, ["other-version"], apply: 5, code: "other-version", verify: 4, history: 5)
        let recovered = try Jail.run(["recover", "--dry-run", "--json"], in: root)
        #expect(recovered.status == 5 && recovered.complaint.contains("an earlier run of daxswitch 0.1.0"))
        #expect(recovered.complaint.contains("Install that version again and run its `daxswitch recover`"))
        #expect(try recovered.document()["journal"] as? String == "unfinished")
    }

    @Test("the journal of an earlier boot is said and stands in nobody's way; of a run that has ended it is nothing")
    func earlierBoot() throws {
        let root = try machine("hmem-owned")
        try writeJournal(in: root, bootID: "another")
        try check(root, ["earlier-boot"], apply: 0, verify: 0, history: 0)
        try Journal(JournalFile(StateDirectory(root: root.path))).write(JournalLine(event: .finished, outcome: "done"))
        try check(root, [], apply: 0, verify: 0, history: 0)
    }

    @Test("a persist that was cut off, and one whose journal can't be read")
    func persist() throws {
        let root = try machine("hmem-owned")
        let journal = #"{"schema_version":1,"files":{},"images":{},"has_built":false}"#
        try root.write(journal, to: ChoiceJournal.path)
        try check(root, ["half-done"], apply: 5, code: "unfinished", verify: 4, history: 5)
        try root.write("{", to: ChoiceJournal.path)
        try check(root, ["damaged"], apply: 5, code: "damaged-journal", verify: 4, history: 5)
    }

    @Test("while the run goes on it is at work, and not half done")
    func running() throws {
        let root = try machine("hmem-owned")
        try writeJournal(in: root)
        let lock = try Lock(StateDirectory(root: root.path))
        try check(root, ["running"], apply: 75, code: "busy", verify: 0, history: 0)
        let ended = try Jail.run(["verify", "hmem"], in: root)
        withExtendedLifetime(lock) {}
        #expect(ended.complaint.contains("another daxswitch is running (pid "))
    }

    @Test("a hold that was left over a cxl_acpi that is in: said, a difference, and apply cxl releases it")
    func leftHold() throws {
        let root = try machine("cxl-owned")
        try root.write(DropInHold.modprobeText, to: Inspector.holdPath)
        try root.write(DropInHold.rulesText, to: Inspector.holdRulesPath)
        let found = try unfinished(document(["status"], in: root, ends: 0))
        #expect(found.map { $0["subject"] as? String } == ["hold"])
        #expect(found.first?["fix"] as? String == "daxswitch apply cxl")
        let verified = try document(["verify", "cxl"], in: root, ends: 4)
        #expect((verified["differences"] as? [[String: Any]])?.map { $0["kind"] as? String } == ["hold"])
        let applied = try document(["apply", "cxl", "--dry-run"], in: root, ends: 0)
        #expect((applied["steps"] as? [[String: Any]])?.map { $0["do"] as? String } == ["release"])
        // Nor does half of it pass for none.
        try FileManager.default.removeItem(at: root.url(Inspector.holdPath))
        let half = try document(["apply", "cxl", "--dry-run"], in: root, ends: 0)
        #expect((half["steps"] as? [[String: Any]])?.map { $0["do"] as? String } == ["release"])
        #expect(try Jail.run(["verify", "cxl"], in: root).status == 4)
    }

    @Test("a choice that is persisted waits for the next boot: it is no hold that was left")
    func persisted() throws {
        let root = try machine("cxl-owned")
        try root.write(DropInHold.modprobeText, to: Inspector.persistedPath)
        #expect(try unfinished(document(["status"], in: root, ends: 0)).isEmpty)
        #expect(try Jail.run(["verify", "cxl"], in: root).status == 0)
    }

    @Test("persist --clear --dry-run and apply --dry-run with nothing to do say so")
    func dryRuns() throws {
        let root = try machine("hmem-owned")
        for command in [["persist", "--clear"], ["apply", "hmem"]] {
            let ended = try Jail.run(command + ["--dry-run"], in: root)
            #expect(ended.status == 0 && ended.output.hasSuffix("Nothing to do.\n"), "\(ended.output)")
        }
    }
}
