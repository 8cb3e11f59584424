import Foundation
import Machine
import Ownership
import Testing

@testable import Reload

@Suite("What daxswitch keeps on disk: lock, journal, hold")
struct StateTests {
    let root = NSTemporaryDirectory() + UUID().uuidString
    var state: StateDirectory { StateDirectory(root: root) }

    @Test("the hold is a drop-in that sorts before modules.softdep and a udev rule, and goes without a trace")
    func hold() throws {
        let hold = DropInHold(state)
        try hold.hold()
        let text = try String(contentsOfFile: state.hold, encoding: .utf8)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines == ["softdep cxl_acpi pre:", "install cxl_acpi /bin/false"])
        #expect("00-daxswitch.conf" < "modules.softdep")
        #expect(try String(contentsOfFile: state.holdRules, encoding: .utf8).contains("ACPI0017"))
        let mode = try FileManager.default.attributesOfItem(atPath: state.hold)[.posixPermissions] as? Int
        #expect(mode == 0o644)
        try hold.release()
        try hold.release()
        #expect(!FileManager.default.fileExists(atPath: state.hold))
        #expect(!FileManager.default.fileExists(atPath: state.holdRules))
    }

    @Test("one lock at a time; the second is told who has it")
    func lock() throws {
        let first = try Lock(state)
        do {
            let second = try Lock(state)
            Issue.record("two locks at once")
            withExtendedLifetime(second) {}
        } catch {
            #expect(error.code == .busy)
            #expect(error.message.contains("pid \(ProcessInfo.processInfo.processIdentifier)"))
            #expect(error.isRetryable)
        }
        withExtendedLifetime(first) {}
    }

    @Test("the lock is free again when its owner is gone")
    func lockIsReleased() throws {
        for _ in 0..<2 {
            let lock = try Lock(state)
            withExtendedLifetime(lock) {}
        }
    }

    private func writeJournal() throws {
        let plan = Plan(
            policy: "hmem",
            steps: [.hold, .unload("cxl_acpi")],
            prediction: Prediction(ranges: [], modules: [:], iomem: [], hazards: [], missingFacts: [])
        )
        let journal = try Journal(state, plan: plan, bootID: "this-boot")
        try journal.write(JournalLine(event: .stepBegun, index: 0))
        try journal.write(JournalLine(event: .stepEnded, index: 0))
    }

    @Test("a journal shows what was done; of another boot it is nobody's")
    func journal() throws {
        try writeJournal()
        let run = try UnfinishedRun.find(state, bootID: "this-boot")
        #expect(run == UnfinishedRun(policy: "hmem", steps: [.hold, .unload("cxl_acpi")], stepsEnded: 1))
        #expect(try UnfinishedRun.find(state, bootID: "another-boot") == nil)
    }

    @Test("a journal cut at any byte: unfinished, nothing, or a clear error; never a crash")
    func truncatedJournal() throws {
        try writeJournal()
        let whole = try Data(contentsOf: URL(fileURLWithPath: state.journal))
        for length in 0..<whole.count {
            try whole.prefix(length).write(to: URL(fileURLWithPath: state.journal))
            do {
                let run = try UnfinishedRun.find(state, bootID: "this-boot")
                #expect(run.map { $0.stepsEnded <= 1 } ?? true)
            } catch {
                #expect(error.message.contains(state.journal))
            }
        }
    }

    @Test("a file that is no journal is named with its line")
    func foreignJournal() throws {
        try StateDirectory.write(Array("{}\nhello\n".utf8), to: state.journal)
        #expect(throws: ReloadError.self) { try UnfinishedRun.find(state, bootID: "this-boot") }
    }

    @Test("where nothing can be written, the error names the file")
    func unwritable() throws {
        let blocked = NSTemporaryDirectory() + UUID().uuidString
        try Data().write(to: URL(fileURLWithPath: blocked))
        do {
            try DropInHold(StateDirectory(root: blocked)).hold()
            Issue.record("written below a file")
        } catch {
            #expect(error.message.contains(blocked))
        }
    }

    @Test(
        "kernel lines that stop a plan",
        arguments: [
            "WARNING: CPU: 1 PID: 9 at kernel/resource.c", "BUG: unable to handle page fault",
            "cxl_dax_region dax_region0: dax_region resource conflict for [mem 0x5d0000000]",
            "kmem dax0.0: mapping0: 0x5d0000000-0x5efffffff stuck online until reboot",
        ]
    )
    func trouble(_ line: String) {
        #expect(KernelTrouble.first(in: ["all is well", line]) == line)
        #expect(KernelTrouble.first(in: ["hmem_platform hmem_platform.0: deferring range to CXL"]) == nil)
    }
}
