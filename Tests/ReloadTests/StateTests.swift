import Foundation
import Inspection
import Iomem
import LinuxSystem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Reload

@Suite("What daxswitch keeps on disk: journal and hold")
struct StateTests {
    let root = TestCaptures.newDirectory()
    var state: StateDirectory { StateDirectory(root: root) }

    @Test("the hold is a drop-in that sorts before modules.softdep and a udev rule, and goes without a trace")
    func hold() throws {
        let hold = DropInHold(state, udev: NoUdev())
        try hold.hold()
        let text = try String(contentsOfFile: state.hold, encoding: .utf8)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines == ["softdep cxl_acpi pre:", "install cxl_acpi /bin/false"])
        #expect("00-daxswitch.conf" < "modules.softdep")
        let rules = try String(contentsOfFile: state.holdRules, encoding: .utf8)
        for modalias in ["acpi*:ACPI0017:*", "platform:hmem*"] {
            #expect(rules.contains("\nENV{MODALIAS}==\"\(modalias)\", ENV{MODALIAS}=\"\"\n"))
        }
        let mode = try FileManager.default.attributesOfItem(atPath: state.hold)[.posixPermissions] as? Int
        #expect(mode == 0o644)
        try hold.release()
        try hold.release()
        #expect(!FileManager.default.fileExists(atPath: state.hold))
        #expect(!FileManager.default.fileExists(atPath: state.holdRules))
    }

    /// A recorded machine that `state` is on.
    private func machine() throws -> (root: CaptureRoot, state: StateDirectory) {
        let root = try TestCaptures.copy(
            try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        )
        return (root, StateDirectory(root: root.path))
    }

    @Test(
        "killed at any point within a hold or a release: neither counts, and each of the two makes it whole",
        arguments: [[], ["hold"], ["rules"], ["hold", "rules"]],
        [true, false]
    )
    func cutOff(present: [String], isHeld: Bool) throws {
        let (root, state) = try machine()
        let hold = DropInHold(state, udev: NoUdev())
        let inspector = Inspector(root: root.path)
        try StateDirectory.write(Array(DropInHold.changeText.utf8), to: state.holdChange)
        if present.contains("hold") { try StateDirectory.write(Array(DropInHold.modprobeText.utf8), to: state.hold) }
        if present.contains("rules") { try StateDirectory.write(Array(DropInHold.rulesText.utf8), to: state.holdRules) }
        let cut = try inspector.read()
        #expect(!cut.isHeld && cut.holdGap?.contains(state.holdChange) == true)
        // Both are needed, in whichever plan, and the machine is neither as it was nor as planned.
        for step in [Step.hold, .release] {
            #expect(try Planner(machine: cut).predict([step]).steps == [step])
            #expect(!OwnershipGoal(of: try Inspector(root: root.path).read()).differences(on: cut).isEmpty)
        }
        try isHeld ? hold.hold() : hold.release()
        let whole = try inspector.read()
        #expect(whole.isHeld == isHeld && whole.holdGap == nil)
        for path in [state.hold, state.holdRules] { #expect(FileManager.default.fileExists(atPath: path) == isHeld) }
    }

    /// Kills its process in place of telling udevd.
    private struct Killer: UdevControl {
        func reload() { kill(getpid(), SIGKILL) }
    }

    @Test("killed before udev has heeded the files: neither counts", arguments: [true, false])
    func cutOffBeforeUdev(isHeld: Bool) throws {
        let (root, state) = try machine()
        if !isHeld { try DropInHold(state, udev: NoUdev()).hold() }
        let end = exitCode {
            let hold = DropInHold(state, udev: Killer())
            try? isHeld ? hold.hold() : hold.release()
            return 0
        }
        #expect(end == 128 + SIGKILL)
        let cut = try Inspector(root: root.path).read()
        #expect(!cut.isHeld && cut.holdGap != nil)
        #expect(FileManager.default.fileExists(atPath: state.hold) == isHeld)
    }

    @Test("a release that can't be written leaves half a hold, which is said")
    func failedRelease() throws {
        let (root, state) = try machine()
        try DropInHold(state, udev: NoUdev()).hold()
        // A directory can't be unlinked.
        try FileManager.default.removeItem(atPath: state.holdRules)
        try FileManager.default.createDirectory(atPath: state.holdRules, withIntermediateDirectories: true)
        #expect(throws: ReloadError.self) { try DropInHold(state, udev: NoUdev()).release() }
        #expect(FileManager.default.fileExists(atPath: state.holdChange))
        try FileManager.default.removeItem(atPath: state.holdRules)
        try DropInHold(state, udev: NoUdev()).release()
        #expect(try Inspector(root: root.path).read().holdGap == nil)
    }

    @Test("a second daxswitch is told who has the lock")
    func lock() throws {
        let first = try Lock(state)
        for take in [{ _ = try Lock(state) }, { _ = try Lock.waitUntilFree(state) }] {
            let error = #expect(throws: ReloadError.self) { try take() }
            #expect(error?.code == .busy && error?.isRetryable == true)
            let pid = ProcessInfo.processInfo.processIdentifier
            #expect(error?.message.hasPrefix("another daxswitch is running (pid \(pid), ") == true)
        }
        withExtendedLifetime(first) {}
    }

    private func writeJournal() throws {
        var machine = MachineState(kernel: Kernel(release: "7.3"), iomem: IomemTree(inFileOrder: []))
        machine.kernel.bootID = "this-boot"
        let policy = Policy(
            name: "hmem",
            summary: "",
            order: [.hold, .unload("cxl_acpi")],
            want: .init(),
            consent: .init()
        )
        let plan = Plan(
            request: Plan.Request(policy: policy, order: policy.order),
            steps: policy.order,
            prediction: Prediction(ranges: [], modules: [:], iomem: [], missingFacts: []),
            hazards: [],
            fingerprint: Fingerprint(of: machine)
        )
        let header = JournalHeader(plan, on: machine, rules: .coordinated, accepted: [])
        let journal = Journal(JournalFile(state))
        try journal.begin(header)
        try journal.write(JournalLine(event: .stepBegun, index: 0))
        try journal.write(JournalLine(event: .stepEnded, index: 0))
    }

    @Test("a journal shows since when a region is gone that the run took away, until a step creates it again")
    func gone() throws {
        var machine = MachineState(kernel: Kernel(release: "7.3"), iomem: IomemTree(inFileOrder: []))
        machine.kernel.bootID = "this-boot"
        let range = try #require(AddressRange(start: 0x5_d000_0000, size: 0x2000_0000))
        let steps: [Step] = [.unload("cxl_acpi"), .load("cxl_acpi"), .restoreRegion("region0", range)]
        let plan = Plan(
            request: Plan.Request(policy: nil, order: steps),
            steps: steps,
            prediction: Prediction(ranges: [], modules: [:], iomem: [], missingFacts: []),
            hazards: [],
            fingerprint: Fingerprint(of: machine)
        )
        let absence = RegionAbsence(name: "region0", range: range, removal: 0, restoration: 2)
        let journal = Journal(JournalFile(state))
        try journal.begin(
            JournalHeader(plan, on: machine, rules: .coordinated, accepted: [], absences: [absence])
        )
        let found = { try UnfinishedRun.find(JournalFile(self.state), bootID: "this-boot") }
        #expect(try found()?.absences == [absence] && found()?.goneSince == [:])
        try journal.write(JournalLine(event: .stepBegun, index: 0, time: 61_500))
        try journal.write(JournalLine(event: .stepEnded, index: 0))
        try journal.write(JournalLine(event: .stepBegun, index: 1, time: 63_000))
        #expect(try found()?.goneSince == [range: .milliseconds(61_500)])
        try journal.write(JournalLine(event: .stepEnded, index: 1))
        try journal.write(JournalLine(event: .stepBegun, index: 2, time: 64_000))
        #expect(try found()?.goneSince == [range: .milliseconds(61_500)])
        try journal.write(JournalLine(event: .stepEnded, index: 2))
        #expect(try found()?.goneSince == [:])
    }

    @Test("a journal shows what was done; of another boot it is nobody's")
    func journal() throws {
        try writeJournal()
        let run = try UnfinishedRun.find(JournalFile(state), bootID: "this-boot")
        #expect(run?.policy == "hmem")
        #expect(run?.interruption.steps == [.hold, .unload("cxl_acpi")])
        #expect(run?.stepsBegun == 1 && run?.interruption.stepsEnded == 1)
        #expect(run?.wayBack == nil)
        #expect(try UnfinishedRun.find(JournalFile(state), bootID: "another-boot") == nil)
    }

    @Test("a journal cut at any byte: a clear error where its first line is not whole, else unfinished; never a crash")
    func truncatedJournal() throws {
        try writeJournal()
        let whole = try Data(contentsOf: URL(fileURLWithPath: state.journal))
        let first = try #require(whole.firstIndex(of: 0x0a))
        for length in 0..<whole.count {
            try whole.prefix(length).write(to: URL(fileURLWithPath: state.journal))
            do {
                let run = try UnfinishedRun.find(JournalFile(state), bootID: "this-boot")
                #expect(length > first)
                #expect(try #require(run).interruption.stepsEnded <= 1)
            } catch let error as ReloadError {
                #expect(length <= first, "\(error)")
                #expect(error.code == .damagedJournal && error.message.contains("\(state.journal):1"))
            }
        }
    }

    @Test("a journal of another daxswitch is not put aside, unless its run has ended or its boot is over")
    func otherVersion() throws {
        func write(_ lines: String...) throws {
            try StateDirectory.write(Array(lines.map { $0 + "\n" }.joined().utf8), to: state.journal)
        }
        let begun = #"{"event":"begun","run":{"boot_id":"this-boot","schema_version":99,"unheard":[]}}"#
        try write(begun, #"{"event":"unheard-of","index":0}"#)
        let error = #expect(throws: ReloadError.self) {
            try LastRun(JournalFile(state), bootID: "this-boot")
        }
        #expect(error?.code == .otherVersion)
        #expect(error?.message.contains("version 99, this one needs \(JournalHeader.version)") == true)
        #expect(try LastRun(JournalFile(state), bootID: "another") == .ofEarlierBoot(EarlierRun()))
        try write(begun, #"{"event":"finished"}"#)
        #expect(try LastRun(JournalFile(state), bootID: "this-boot") == .settled)
    }

    @Test(
        "bytes in the middle of a journal that are not ours: what came before them counts, and the place is named"
    )
    func rubbish() throws {
        try writeJournal()
        let whole = try Data(contentsOf: URL(fileURLWithPath: state.journal))
        let first = try #require(whole.firstIndex(of: 0x0a)) + 1
        for rubbish in [Data([0xff, 0, 0x80, 0x0a]), Data(repeating: 0, count: 4096) + [0x0a]] {
            try (whole[..<first] + rubbish + whole[first...]).write(to: URL(fileURLWithPath: state.journal))
            let run = try UnfinishedRun.find(JournalFile(state), bootID: "this-boot")
            #expect(run?.stepsBegun == 0 && run?.damage == "\(state.journal):2")
            try (rubbish + whole).write(to: URL(fileURLWithPath: state.journal))
            #expect(throws: ReloadError.self) { try UnfinishedRun.find(JournalFile(state), bootID: "this-boot") }
        }
    }

    @Test("a run has ended if its journal says so, whatever was cut off behind that, and whatever its plan is")
    func ended() throws {
        try writeJournal()
        try Journal(JournalFile(state)).write(JournalLine(event: .finished, outcome: "done"))
        let whole = try Data(contentsOf: URL(fileURLWithPath: state.journal))
        let first = try #require(whole.firstIndex(of: 0x0a)) + 1
        let otherPlan =
            Data(#"{"event":"begun","run":{"boot_id":"this-boot","schema_version":3,"plan":{}}}"#.utf8) + [0x0a]
        func found(_ journal: Data) throws -> LastRun {
            try journal.write(to: URL(fileURLWithPath: state.journal))
            return try LastRun(JournalFile(state), bootID: "this-boot")
        }
        #expect(try found(whole) == .settled)
        #expect(try found(whole + Data(#"{"event":"st"#.utf8)) == .settled)
        #expect(try found(otherPlan + whole[first...]) == .settled)
        // Without the last line, or with another whole one behind it, it is not so.
        let last = try #require(whole.dropLast().lastIndex(of: 0x0a)) + 1
        guard case .damaged = try found(otherPlan + whole[first..<last]) else {
            Issue.record("a plan that can't be read counts for a run that goes on")
            return
        }
        guard case .unfinished = try found(whole + [0xff, 0x0a]) else {
            Issue.record("a line of other bytes counts as cut off")
            return
        }
    }

    @Test("a file that is no journal is named with its line")
    func foreignJournal() throws {
        try StateDirectory.write(Array("{}\nhello\n".utf8), to: state.journal)
        #expect(throws: ReloadError.self) { try UnfinishedRun.find(JournalFile(state), bootID: "this-boot") }
    }

    @Test("while hmem is persisted, a release is a file that lets cxl_acpi in until the next boot, and sorts first")
    func releaseOfPersisted() throws {
        let persisted = "\(root)\(Inspector.persistedPath)"
        try StateDirectory.write(Array("softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false\n".utf8), to: persisted)
        let hold = DropInHold(state, udev: NoUdev())
        try hold.release()
        #expect(try String(contentsOfFile: state.hold, encoding: .utf8).hasSuffix("\nsoftdep cxl_acpi pre: cxl_port\n"))
        #expect(
            Inspector.holdPath.split(separator: "/").last ?? "" < Inspector.persistedPath.split(separator: "/").last
                ?? ""
        )
        try hold.hold()
        #expect(try String(contentsOfFile: state.hold, encoding: .utf8).hasSuffix("\ninstall cxl_acpi /bin/false\n"))
        try StateDirectory.remove(persisted)
        try hold.release()
        #expect(!FileManager.default.fileExists(atPath: state.hold))
    }

    @Test("where nothing can be written, the error names the file")
    func unwritable() throws {
        let blocked = "\(root)/file"
        try Data().write(to: URL(fileURLWithPath: blocked))
        do {
            try DropInHold(StateDirectory(root: blocked), udev: NoUdev()).hold()
            Issue.record("written below a file")
        } catch {
            #expect(error.message.contains(blocked))
        }
    }

    @Test("half of the hold can't be written: no half of it stays", arguments: ["run/modprobe.d", "run/udev"])
    func halfAHold(blocked: String) throws {
        let manager = FileManager.default
        try manager.createDirectory(atPath: "\(root)/run", withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: "\(root)/\(blocked)"))
        #expect(throws: ReloadError.self) { try DropInHold(state, udev: NoUdev()).hold() }
        #expect(!manager.fileExists(atPath: state.hold))
        #expect(!manager.fileExists(atPath: state.holdRules))
        #expect(!manager.fileExists(atPath: state.holdChange))
    }

    @Test("a hold that can't be written again leaves what was there: that cxl_acpi is let in")
    func halfAHoldOverRelease() throws {
        try StateDirectory.write(Array(DropInHold.letInText.utf8), to: state.hold)
        try Data().write(to: URL(fileURLWithPath: "\(root)/run/udev"))
        #expect(throws: ReloadError.self) { try DropInHold(state, udev: NoUdev()).hold() }
        #expect(try String(contentsOfFile: state.hold, encoding: .utf8) == DropInHold.letInText)
    }

    @Test("modes are 0644 and 0755, also over what a run that was interrupted left behind; no temporary file is left")
    func modes() throws {
        let made = "\(root)/run/modprobe.d"
        try FileManager.default.createDirectory(atPath: made, withIntermediateDirectories: true)
        try Data("half".utf8).write(to: URL(fileURLWithPath: "\(state.hold).new"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(state.hold).new")
        try DropInHold(state, udev: NoUdev()).hold()
        let manager = FileManager.default
        let rules = "\(root)/run/udev/rules.d"
        for (path, mode) in [(rules, 0o755), (state.hold, 0o644), (state.holdRules, 0o644)] {
            #expect(try manager.attributesOfItem(atPath: path)[.posixPermissions] as? Int == mode)
        }
        #expect(try manager.contentsOfDirectory(atPath: made) == ["00-daxswitch.conf"])
    }

    @Test("a write that fails leaves what was there, and no temporary file")
    func failedWrite() throws {
        try FileManager.default.createDirectory(atPath: state.facts, withIntermediateDirectories: true)
        #expect(throws: ReloadError.self) { try StateDirectory.write([0x7b], to: state.facts) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: state.directory) == ["regions.json"])
    }

    @Test("a journal with an unknown step can't be recovered from")
    func unknownStep() throws {
        try writeJournal()
        let text = try String(contentsOfFile: state.journal, encoding: .utf8)
        let changed = text.replacingOccurrences(of: "\"do\":\"unload\"", with: "\"do\":\"jump\"")
        try StateDirectory.write(Array(changed.utf8), to: state.journal)
        do {
            _ = try UnfinishedRun.find(JournalFile(state), bootID: "this-boot")
            Issue.record("read")
        } catch {
            #expect(error.message.contains(state.journal))
            #expect(error.cause?.contains("jump") == true)
        }
    }
}
