import Foundation
import LinuxSystem
import Machine
import Ownership
import Policy
import TestCaptures
import Testing

@testable import Inspection

/// A recorded machine as the running one. What is damaged ends no command by a signal, and what users write moves no answer.
@Suite("A damaged live root", .serialized) struct LiveRootFuzzTests {
    private static let captures = [
        "7.3.4/auto-reload/dax_cxl-first", "7.3.4/auto-kmem/kmem-offlined", "6.12.107/locked-reload/hmem-first",
    ]

    private static let commands = [
        ["status"], ["status", "--json"], ["status", "--check"], ["plan", "cxl"], ["plan", "hmem", "--json"],
        ["verify", "hmem"], ["verify", "cxl", "--json"], ["apply", "cxl", "--dry-run"], ["recover", "--dry-run"],
        ["history"], ["history", "--json"], ["persist", "hmem", "--dry-run"], ["collect", "/root/capture"],
        ["predict", "--all-orders", "dax_hmem", "dax_cxl"], ["plan", "hmem", "--root", "@/root/list"],
    ]

    private static let exitCodes: Set<Int32> = [0, 1, 2, 3, 4, 5, 64, 65, 69, 75, 77]

    /// What other users and programs write, with a corpus for each.
    private static let texts = [
        ("/proc/4711/comm", "maps"), ("/proc/4711/maps", "maps"), ("/proc/4711/mountinfo", "mountinfo"),
        ("/proc/4711/fdinfo/3", "mountinfo"), ("/proc/meminfo", "meminfo"), ("/proc/swaps", "meminfo"),
        ("/etc/udev/rules.d/99-site.rules", "udev-rules"), ("/var/lib/daxswitch/history.jsonl", "history"),
        ("/root/list", "list"),
    ]

    @Test(
        "no command ends by a signal, hangs, or prints a control character",
        .enabled(if: Jail.isPossible, "no chroot(2) here"),
        arguments: captures
    )
    func commands(moment: String) throws {
        let root = try DamagedRoot(TestCaptures.root(moment))
        try FileManager.default.createDirectory(atPath: "\(root.path)/root", withIntermediateDirectories: true)
        for (path, kind) in Self.texts { try write(try Corpus.input("texts/\(kind)"), path, root) }
        let jail = try Jail(root.path)
        try Fuzzer("live-\(moment.replacingOccurrences(of: "/", with: "-"))", corpus: []).loop { seed in
            var random = SplitMix(seed: seed)
            let command = random.pick(Self.commands) ?? []
            try damaging(root, &random) { what in
                let ended = try jail.run(command)
                #expect(Self.exitCodes.contains(ended.status), "\(seed): \(command) over \(what): \(ended)")
                let controls = ended.output.utf8.filter { $0 < 0x20 && $0 != UInt8(ascii: "\n") || $0 == 0x7f }
                #expect(controls.isEmpty, "\(seed): \(command) over \(what): \(ended.output)")
                try? FileManager.default.removeItem(atPath: "\(root.path)/root/capture")
            }
        }
    }

    @Test("a damaged live root is read or refused; where it is read, it can be planned for", arguments: captures)
    func readings(moment: String) throws {
        let root = try DamagedRoot(TestCaptures.root(moment))
        for (path, kind) in Self.texts { try write(try Corpus.input("texts/\(kind)"), path, root) }
        try Fuzzer("live-reading-\(moment.replacingOccurrences(of: "/", with: "-"))", corpus: []).loop { seed in
            var random = SplitMix(seed: seed)
            try damaging(root, &random) { _ in
                do throws(InspectionError) { _ = answers(try reading(root)) } catch { #expect(!error.message.isEmpty) }
            }
        }
    }

    @Test("what users write changes no owner, now or predicted", arguments: captures)
    func lies(moment: String) throws {
        let root = try DamagedRoot(TestCaptures.root(moment))
        let expected = answers(try reading(root))
        #expect(!expected.isEmpty)
        try Fuzzer("lies-\(moment.replacingOccurrences(of: "/", with: "-"))", corpus: []).loop { seed in
            var random = SplitMix(seed: seed)
            let (path, kind) = random.pick(Self.texts) ?? Self.texts[0]
            try writing(path, kind, root, &random) {
                let found = answers(try reading(root))
                #expect(found == expected, "\(seed): \(path)")
            }
        }
    }

    @Test(
        "what users have the kernel print, or write to its log, changes no owner, now or predicted",
        arguments: captures
    )
    func forgedLog(moment: String) throws {
        let tree = try TestCaptures.tree(of: TestCaptures.root(moment))
        let lines = try #require(try tree.text("/dmesg")).split(separator: "\n").map(String.init)
        // Nobody but the kernel prints before there is a process.
        let first = try #require(lines.firstIndex { $0.contains("Run /init as init process") }) + 1
        func found(_ forged: [String], at place: Int) throws -> [String] {
            answers(try Inspector(tree: LiveTree(tree), log: ForgedLog(lines, forged, at: place)).read())
        }
        let expected = try found([], at: first)
        #expect(expected.count > 1)
        try Fuzzer("log-lies-\(moment.replacingOccurrences(of: "/", with: "-"))", corpus: []).loop { seed in
            var random = SplitMix(seed: seed)
            let forged = (0...random.below(8)).map { _ in forgery(&random) }
            let place = first + random.below(lines.count - first + 1)
            let answers = try found(forged, at: place)
            #expect(answers == expected, "\(seed): \(forged)")
        }
    }

    /// A record of `/dev/kmsg` behind its sequence number that a user can write: one of another facility than the
    /// kernel's (anybody who may write to `/dev/kmsg`), or a message of the kernel that quotes a name of the user's.
    private func forgery(_ random: inout SplitMix) -> String {
        let example = Array((random.pick(KernelMessage.all)?.example ?? "").utf8)
        var mutator = Mutator(random: random, corpus: [example])
        let changed = random.once(in: 2) ? example : mutator.mutated(example)
        let text = String(decoding: changed.filter { $0 != 0 }.prefix(400), as: UTF8.self)
        if random.once(in: 2) { return "\(8 + random.below(184)) \(UserMessages.escaped(text))" }
        return "6 \(UserMessages.escaped(random.pick(UserMessages.imitating(text)) ?? ""))"
    }

    private func reading(_ root: DamagedRoot) throws(InspectionError) -> MachineState {
        let tree = DirectoryTree(root: root.path)
        return try Inspector(tree: LiveTree(tree), log: RecordedKernelLog(tree: tree)).read()
    }

    /// Who owns what now, and after each policy.
    private func answers(_ machine: MachineState) -> [String] {
        let now = ownedRanges(of: machine).map { "\($0.range) \($0.owner)" }
        guard let planner = try? Planner(machine: machine) else { return now }
        return ["cxl", "hmem", "reload"].reduce(into: now) { answers, name in
            guard let policy = try? PolicyLibrary(folders: []).find(name).policy else { return }
            let plan = planner.plan(policy)
            _ = compare(plan.prediction, with: machine)
            answers.append("\(name): \(plan.steps.map(\.description))")
            answers += plan.prediction.ranges.map { "\(name): \($0.range) \($0.owners.sorted())" }
        }
    }

    private func write(_ bytes: [UInt8], _ path: String, _ root: DamagedRoot) throws {
        let url = URL(fileURLWithPath: root.path + path)
        let folder = url.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try? FileManager.default.removeItem(at: url)
        try Data(bytes).write(to: url)
    }

    /// Runs `body` while the text at `path` is a changed one of its kind.
    private func writing(
        _ path: String,
        _ kind: String,
        _ root: DamagedRoot,
        _ random: inout SplitMix,
        _ body: () throws -> Void
    ) throws {
        let input = try Corpus.input("texts/\(kind)")
        let before = try? Data(contentsOf: URL(fileURLWithPath: root.path + path))
        var mutator = Mutator(random: random, corpus: [input])
        try write(mutator.mutated(input), path, root)
        defer { try? write([UInt8](before ?? Data()), path, root) }
        try body()
    }

    private func damaging(
        _ root: DamagedRoot,
        _ random: inout SplitMix,
        _ body: (String) throws -> Void
    ) throws {
        if random.once(in: 2) { return try root.damaged(by: random.next(), body) }
        let others = Self.texts + [("/etc/modprobe.d/site.conf", "modprobe")]
        let (path, kind) = random.pick(others) ?? Self.texts[0]
        try writing(path, kind, root, &random) { try body(path) }
    }
}

/// The log of a recorded machine as records, with forged ones at one place and at the end.
private struct ForgedLog: KernelLog {
    private let records: [KernelLogRecord]

    init(_ lines: [String], _ forged: [String], at place: Int) {
        // [   12.345678] message
        var texts = lines.map { line in
            let stamp = Double(line.dropFirst().prefix { $0 != "]" }.drop { $0 == " " }) ?? 0
            return (time: Int((stamp * 1_000_000).rounded()), record: "6 \(line.drop { $0 != "]" }.dropFirst(2))")
        }
        let added = forged.map { (time: 99_000_000, record: $0) }
        texts.insert(contentsOf: added, at: place)
        texts += added
        records = texts.enumerated().compactMap { number, one in
            let parts = one.record.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            return KernelLogRecord(Array("\(parts[0]),\(number),\(one.time),-;\(parts[1])".utf8))
        }
    }

    func content() -> KernelLogContent? { .records(records) }
}
