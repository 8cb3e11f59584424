import Foundation
import Iomem
import LinuxSystem
import Machine
import TestCaptures
import Testing

@testable import Inspection

/// Issue 10, number 1: nothing that a user has the kernel print is evidence.
@Suite("Forged kernel facts")
struct ForgedLogTests {
    /// A log that says what a test wants.
    private struct GivenLog: KernelLog {
        let given: KernelLogContent
        func content() -> KernelLogContent? { given }
    }

    /// A machine whose log ends in `lines`, each with a time of its own.
    private func machine(
        _ scenario: String,
        _ moment: String,
        cutTo kept: (String) -> Bool = { _ in true },
        adding lines: [String]
    ) throws -> MachineState {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: scenario, moment)
        let text = try String(contentsOf: root.url("/dmesg"), encoding: .utf8)
        let own = text.split(separator: "\n").map(String.init).filter(kept)
        let log = GivenLog(given: .lines(own + lines.enumerated().map { "[  100.00000\($0)] \($1)" }))
        return try Inspector(tree: DirectoryTree(root: root.path), log: log).read()
    }

    @Test("a crashed binary named like a heading takes no Soft Reserved range away")
    func vanishedRanges() throws {
        let own = try machine("auto-reload", "boot", adding: [])
        #expect(own.softReserved.map(\.range.description) == ["0x5d0000000-0x5efffffff"])
        for line in [
            "user-defined physical RAM map[4711]: segfault at 0 ip 0 sp 0 error 14 in x[400000,1000]",
            "x[4711]: segfault at 0 ip 0 sp 0 error 14 in user-defined physical RAM map[400000,1000]",
            "user-defined physical RAM map:",
        ] {
            #expect(try machine("auto-reload", "boot", adding: [line]) == own, "\(line)")
        }
    }

    @Test("a crashed process named \"Linux version \" does not make a log whole that has lost its beginning")
    func wholeLog() throws {
        let isLate = { (line: String) in !line.hasPrefix("[    0.") }
        let own = try machine("hmem-first-then-cxl", "hmem-alone", cutTo: isLate, adding: [])
        #expect(own.decoderHistory.value != .asAtBoot && own.initialProbe.value == .unknown)
        for line in [
            "Linux version [4711]: segfault at 0 ip 0 sp 0 error 14 in x[400000,1000]",
            "Linux version 7.3.4 (build@host) (gcc 14.2.0) #1 SMP",
        ] {
            #expect(try machine("hmem-first-then-cxl", "hmem-alone", cutTo: isLate, adding: [line]) == own, "\(line)")
        }
    }

    @Test("a file named like a message of dax_hmem ends no initial probe")
    func certainOwner() throws {
        let own = try machine("hmem-first-then-cxl", "hmem-alone", adding: [])
        #expect(own.initialProbe.value == .pending)
        let line = "x[4711]: segfault at 0 ip 0 sp 0 error 14 in deferring range to CXL[400000,1000]"
        #expect(try machine("hmem-first-then-cxl", "hmem-alone", adding: [line]) == own)
    }

    @Test("each message has the form that the table gives, and no other message has") func table() {
        let ids = KernelMessage.all.map(\.id)
        #expect(Set(ids).count == ids.count)
        for message in KernelMessage.all {
            let fitting = KernelMessage.all.filter { $0.form.fits(message.example) }.map(\.id)
            #expect(fitting == [message.id])
        }
    }

    @Test(
        "no message of the table can be imitated by a process, a file or a device",
        arguments: KernelMessage.all.map(\.id)
    )
    func imitations(id: String) throws {
        let wanted = try #require(KernelMessage.all.first { $0.id == id })
        let attacks = UserMessages.imitating(wanted.example)
        #expect(attacks.count > 500)
        for attack in attacks {
            let line = UserMessages.escaped(attack)
            #expect(!KernelMessage.all.contains { $0.form.fits(line) }, "\(line)")
        }
    }

    /// The text of a log before and after `messages` came into it, with line ends as dmesg shows them.
    private static func text(_ messages: [String]) -> [String] {
        messages.enumerated().flatMap { index, message in
            let digits = String(index)
            let time = "[   99.\(String(repeating: "0", count: 6 - digits.count))\(digits)]"
            return message.split(separator: "\n", omittingEmptySubsequences: false).map { "\(time) \($0)" }
        }
    }

    private static func records(_ lines: [String], _ inserted: [String], at place: Int, foreign isAdded: Bool = true)
        -> [KernelLogRecord]
    {
        var texts: [(time: Int, priority: Int, text: String)] = lines.map { line in
            let stamp = line.dropFirst().prefix { $0 != "]" }.drop { $0 == " " }
            let time = Int(((Double(stamp) ?? 0) * 1_000_000).rounded())
            return (time, 6, String(line.drop { $0 != "]" }.dropFirst(2)))
        }
        let forged = inserted.map { (time: 99_000_000, priority: 6, text: UserMessages.escaped($0)) }
        let foreign = (isAdded ? KernelMessage.all : []).map { (time: 99_000_000, priority: 14, text: $0.example) }
        texts.insert(contentsOf: forged + foreign, at: place)
        texts += forged + foreign
        return texts.enumerated().compactMap { index, one in
            KernelLogRecord(Array("\(one.priority),\(index),\(one.time),-;\(one.text)".utf8))
        }
    }

    /// One imitation of each kind for each message.
    private static let attacks: [String] = KernelMessage.all.flatMap { message in
        let all = UserMessages.imitating(message.example)
        return all.enumerated().filter { $0.offset % 97 == 0 }.map(\.element)
    }

    /// One recorded machine of these many is attacked; with `DAXSWITCH_EVERY_CAPTURE` (`make lab`) each of them.
    private static let share = ProcessInfo.processInfo.environment["DAXSWITCH_EVERY_CAPTURE"] == nil ? 29 : 1

    @Test("no answer moves, on a recorded machine, wherever in the log a user's lines are") func recordedMachines()
        throws
    {
        var compared = 0
        for (number, root) in TestCaptures.all.enumerated() where number % Self.share == 0 {
            let tree = try TestCaptures.tree(of: root)
            guard let text = try tree.text("/dmesg") else { continue }
            let lines = text.split(separator: "\n").map(String.init)
            func read(_ content: KernelLogContent) throws -> MachineState {
                try Inspector(tree: tree, log: GivenLog(given: content)).read()
            }
            let isTimed = lines.first?.hasPrefix("[") == true
            let place =
                try #require(
                    lines.firstIndex { isTimed ? !$0.hasPrefix("[    0.000000]") : $0.hasPrefix("Kernel command line") }
                ) + 1
            let forged = isTimed ? Self.text(Self.attacks) : Self.attacks.map(UserMessages.escaped)
            let own = try read(.lines(lines))
            #expect(try read(.lines(lines[..<place] + forged + lines[place...] + forged)) == own, "\(root)")
            compared += 1
            guard isTimed, let start = lines.firstIndex(where: { $0.contains("] Kernel command line: ") }) else {
                continue
            }
            let records = Self.records(lines, [], at: 0, foreign: false)
            #expect(try read(.records(records)) == own, "\(root)")
            #expect(try read(.records(Self.records(lines, Self.attacks, at: start + 1))) == own, "\(root)")
        }
        #expect(compared > 300 / Self.share)
    }

    /// All that the log of a machine tells but its memory maps, which are those of the boot.
    private static func told(_ facts: LoggedFacts) -> String {
        """
        \(facts.isEmpty) \(facts.isWhole) \(facts.hasHostBridge) \(facts.hasBoundAgain) \(facts.probeMessage ?? "-")
        \(facts.takesAll) \(facts.awaitsProbe) \(facts.failedDecodeRanges) \(facts.tables.sorted()) \(facts.failures)
        \(facts.suspends) \(facts.hibernations) \(facts.maps.entries)
        """
    }

    @Test(
        "a log that has grown tells what it would tell if it were read at once",
        arguments: [
            ("7.3.4", "hmem-first-then-cxl"), ("7.3.4", "auto-reload"), ("6.12.107", "locked-reload"),
        ]
    )
    func growth(kernel: String, scenario: String) throws {
        let last = try #require(TestCaptures.roots(kernel: kernel, scenario: scenario).last)
        let lines = try #require(try TestCaptures.tree(of: last).text("/dmesg")).lines.map(String.init)
        let boot = try #require(lines.firstIndex { $0.contains("] Kernel command line: ") }) + 1
        let records = Self.records(lines, Self.attacks, at: (boot + lines.count) / 2)
        let whole = Self.told(LoggedFacts(.records(records)))
        #expect(whole.hasPrefix("false true true"))
        for place in [0] + stride(from: boot, through: records.count, by: 97) {
            let (earlier, later) = (Array(records[..<place]), Array(records[place...]))
            var facts = LoggedFacts(.records(earlier))
            facts.add(later, after: earlier)
            #expect(Self.told(facts) == whole, "\(place)")
            guard later.count > 1 else { continue }
            facts = LoggedFacts(.records(earlier))
            facts.add(Array(later.dropFirst()), after: earlier)
            #expect(!facts.isWhole)
        }
    }

    @Test("records show what is missing: the first, or one in between") func gaps() {
        let texts = [
            "Linux version 7.3.4 (build@host) (gcc) #1 SMP", "BIOS-provided physical RAM map:",
            "BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff]  soft reserved", "Kernel command line: quiet",
            "later",
        ]
        let records = texts.enumerated().compactMap { KernelLogRecord(Array("6,\($0),\($0),-;\($1)".utf8)) }
        let facts = LoggedFacts(.records(records))
        #expect(facts.isWhole && facts.maps.isWhole && facts.maps.firmware.count == 1)
        #expect(!LoggedFacts(.records(Array(records.dropFirst()))).isWhole)
        var gap = records
        gap.remove(at: 3)
        #expect(!LoggedFacts(.records(gap)).isWhole)
        #expect(!LoggedFacts(.lines(["[Sat Nov 28 05:46:41 2026] \(texts[0])"])).isWhole)
    }

    @Test("a map is taken from the boot alone, and the first one counts") func maps() {
        let entry = "BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff]  soft reserved"
        let later = ["[    9.000000] \(entry)", "[    9.000001] user-defined physical RAM map:"]
        #expect(LoggedFacts(.lines(["[    0.000000] x"] + later)).maps.firmware.isEmpty)
        #expect(LoggedFacts(.lines(["[    0.000000] x"] + later)).maps.changed == nil)
        #expect(LoggedFacts(.lines(["[    0.000000] \(entry)"] + later)).maps.firmware.count == 1)
    }

    @Test("a machine that has slept: devices may have been reset") func sleep() throws {
        let own = try machine("hmem-first-then-cxl", "hmem-alone", adding: [])
        #expect(own.decoderHistory.value == .asAtBoot)
        for line in ["PM: suspend entry (deep)", "PM: hibernation: hibernation entry"] {
            let slept = try machine("hmem-first-then-cxl", "hmem-alone", adding: [line]).decoderHistory
            #expect(slept.value == .unknown && slept.evidence.first?.contains("slept") == true)
        }
    }
}
