import Foundation
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

/// Issue 10, number 5: what this kernel's log shows is not all that can have happened to the decoders.
@Suite("Decoders after kexec and sleep")
struct EarlierKernelTests {
    /// The finding where a machine without `cxl_acpi`, whose log is whole, also has these files.
    private func finding(_ files: [String: String], isLive: Bool = false) throws -> Inferred<DecoderHistory> {
        let copy = try TestCaptures.copy(
            TestCaptures.root(kernel: "7.3.4", scenario: "hmem-first-then-cxl", "hmem-alone")
        )
        for (path, text) in files { try copy.write(text, to: path) }
        let tree = DirectoryTree(root: copy.path)
        guard isLive else { return try Inspector(root: copy.path).read().decoderHistory }
        return try Inspector(tree: LiveTree(tree), log: RecordedKernelLog(tree: tree)).read().decoderHistory
    }

    private let loader = "/proc/sys/kernel/bootloader_type"

    @Test("kexec: the kernel before this one may have reset them, whatever this one's log and command line show")
    func kexec() throws {
        #expect(try finding([loader: "114\n"]).value == .asAtBoot, "GRUB")
        #expect(try finding([loader: "33\n"]).value == .asAtBoot, "the EFI stub")
        let found = try finding([loader: "208\n"])
        #expect(found.value == .unknown && found.evidence.first?.contains("kexec") == true)
        #expect(try finding(["/proc/cmdline": "module_blacklist=cxl_acpi\n"]).value == .asAtBoot)
        #expect(try finding([loader: "208\n", "/proc/cmdline": "module_blacklist=cxl_acpi\n"]).value == .unknown)
    }

    @Test("a running machine that doesn't show what started its kernel proves nothing") func unknownLoader() throws {
        #expect(try finding([loader: "114\n"], isLive: true).value == .asAtBoot)
        #expect(try finding([loader: "208\n"], isLive: true).value == .unknown)
        #expect(try finding([:], isLive: true).value == .unknown)
    }

    @Test("the machine has slept, though the log has no line of it") func sleep() throws {
        let path = "/sys/power/suspend_stats/success"
        #expect(try finding([path: "0\n"]).value == .asAtBoot)
        let found = try finding([path: "2\n"])
        #expect(found.value == .unknown && found.evidence.first?.contains("slept") == true)
    }

    @Test("what was remembered before a sleep is forgotten after it, and what is remembered after one counts")
    func remembered() throws {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-acpi-out", "acpi-out"))
        let id = try String(contentsOf: copy.url("/proc/sys/kernel/random/boot_id"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let range = try #require(AddressRange(start: 0x5_d000_0000, end: 0x5_efff_ffff))
        let decoders = RememberedDecoders(
            regions: [RememberedRegion(range: range, locked: true)],
            decoded: [range]
        )
        let log = try String(contentsOf: copy.url("/dmesg"), encoding: .utf8)
        func state(factsAfter before: Int?, sleeps: Int, inLog line: String = "") throws -> MachineState {
            let facts = RememberedFacts(bootID: id, sleeps: before ?? 0, initialProbe: .done, decoders: decoders)
            var text = String(decoding: facts.serialized(), as: UTF8.self)
            // As a daxswitch before 0.2.0 wrote them.
            if before == nil { text = text.replacingOccurrences(of: ",\"sleeps\":0", with: "") }
            try copy.write(text, to: RememberedFacts.path)
            try copy.write("\(sleeps)\n", to: "/sys/power/suspend_stats/success")
            try copy.write(log + line, to: "/dmesg")
            return try Inspector(root: copy.path).read()
        }
        #expect(try state(factsAfter: 0, sleeps: 0).remembered == decoders)
        #expect(try state(factsAfter: nil, sleeps: 0).remembered == decoders)
        for slept in [
            try state(factsAfter: 0, sleeps: 1), try state(factsAfter: nil, sleeps: 1),
            try state(factsAfter: 0, sleeps: 0, inLog: "[  999.000000] PM: hibernation: hibernation entry\n"),
        ] {
            #expect(slept.remembered == nil && slept.decoderHistory.value == .unknown)
            // The kernel itself has slept through it with all that it knows.
            #expect(slept.initialProbe.value == .done)
        }
        let since = try state(factsAfter: 1, sleeps: 1, inLog: "[  999.000000] PM: suspend entry (deep)\n")
        #expect(since.remembered == decoders)
    }

    @Test("collect records both") func paths() {
        #expect(Inspector.historyPaths == [loader, "/sys/power/suspend_stats/success"])
    }
}
