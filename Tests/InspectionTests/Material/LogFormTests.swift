import Foundation
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Inspection

/// Kernel logs in the forms of dmesg and journalctl.
@Suite("Material: kernel logs") struct LogFormTests {
    private struct Log: KernelLog {
        let lines: [String]
        func content() -> KernelLogContent? { .lines(lines) }
    }

    private func facts(_ lines: [String]) -> LoggedFacts { LoggedFacts(.lines(lines)) }

    /// A boot as `dmesg` prints it.
    private static let boot = [
        "[    0.000000] Linux version 7.3.4 (build@host) (gcc 14.2.0) #1 SMP PREEMPT_DYNAMIC",
        "[    0.000000] Command line: quiet",
        "[    0.000000] BIOS-provided physical RAM map:",
        "[    0.000000] BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff]  soft reserved",
        "[    0.004512] ACPI: CEDT 0x000000003FFE3386 00006C (v01 BOCHS  BXPC     00000001 BXPC 00000001)",
        "[    3.224010] cxl_acpi ACPI0017:00: Failed to add decode range: [0x6d0000000 - 0x6dfffffff] (-6)",
        "[    3.300000]  pci0000:0c: host supports CXL",
    ]

    private static func moved(_ change: (_ time: String, _ message: String) -> String) -> [String] {
        boot.map { line in change(String(line.prefix(14).dropFirst(1).dropLast(1)), String(line.dropFirst(15))) }
    }

    @Test("with times since the boot, dmesg -x and journalctl -o short-monotonic say as much as dmesg") func exact() {
        let forms = [
            Self.boot, Self.moved { "kern  :info  : [\($0)] \($1)" }, Self.moved { "<6>[\($0)] \($1)" },
            Self.moved { "[\($0)] lab-host kernel: \($1)" },
            ["-- Journal begins at Sat 2026-11-28 07:00:00 UTC. --"] + Self.moved { "[\($0)] lab-host kernel: \($1)" },
        ]
        for form in forms {
            let found = facts(form)
            #expect(found.isWhole && found.hasHostBridge && found.failedDecodeRanges.count == 1, "\(form[0])")
            #expect(found.maps.firmware.map(\.description) == ["0x5d0000000-0x5efffffff"] && found.tables == ["CEDT"])
        }
    }

    /// Each line in a second of its own.
    private static func dated(_ line: (_ second: String, _ message: String) -> String) -> [String] {
        boot.enumerated().map { number, text in line("0\(number)", String(text.dropFirst(15))) }
    }

    @Test("with times of day, what stands alone counts, and what is not there proves nothing") func dates() {
        let forms = [
            Self.dated { "[Sat Nov 28 07:46:\($0) 2026] \($1)" },
            Self.dated { "[Sat Nov  8 07:46:\($0) 2026] \($1)" },
            Self.dated { "kern  :warn  : [Sat Nov 28 07:46:\($0) 2026] \($1)" },
            Self.dated { "2026-11-28T07:46:\($0),224010+00:00 \($1)" },
            Self.dated { "Nov 28 07:46:\($0) lab-host kernel: \($1)" },
            Self.dated { "Nov  8 07:46:\($0) lab-host kernel: \($1)" },
            Self.dated { "Nov 28 07:46:\($0).224010 lab-host kernel: \($1)" },
            Self.dated { "2026-11-28T07:46:\($0)+00:00 lab-host kernel: \($1)" },
            Self.dated { "2026-11-28T07:46:\($0).224010+0000 lab-host kernel: \($1)" },
            Self.dated { "Sat 2026-11-28 07:46:\($0) UTC lab-host kernel: \($1)" },
            Self.dated { "17643159\($0).224010 lab-host kernel: \($1)" },
        ]
        for form in forms {
            let found = facts(form)
            #expect(found.hasHostBridge && found.failedDecodeRanges.count == 1, "\(form[0])")
            #expect(!found.isWhole && !found.isEmpty && found.maps.firmware.isEmpty, "\(form[0])")
        }
    }

    private static let bridge = " pci0000:0c: host supports CXL"

    @Test("lines of one second that can't be told apart prove nothing") func shared() {
        let other = "usb 1-1: Product: pci0000:0c: host supports CXL"
        let forms: [(String) -> String] = [
            { "[Sat Nov 28 07:46:07 2026] \($0)" }, { "Nov 28 07:46:07 lab-host kernel: \($0)" },
        ]
        for line in forms {
            #expect(facts([line(Self.bridge)]).hasHostBridge)
            #expect(!facts([line(other), line(Self.bridge)]).hasHostBridge)
            #expect(!facts([line(Self.bridge), line(other)]).hasHostBridge)
            // The rest of a message with a line end in it has no time.
            #expect(!facts([line("first part"), Self.bridge]).hasHostBridge)
            #expect(!facts([line("first part"), "          " + line(Self.bridge)]).hasHostBridge)
        }
    }

    @Test(
        "a capture's log with carriage returns, indented as in a ticket, or from dmesg -T says as much as one without"
    )
    func wrapped() throws {
        let refusal = [
            "kmem dax3.0: mapping0: 0x3ff010000000-0x3ff02fffffff too small after alignment",
            "kmem dax3.0: rejecting DAX region without any memory after alignment",
            "kmem dax3.0: probe with driver kmem failed with error -22",
        ]
        // One second has all three.
        let dated = refusal.map { "[Sun Nov  1 11:02:45 2026] \($0)" }
        #expect(facts(dated).failures.map(\.kind) == [.alignment, .probe])
        let forms: [[String]] = [
            Self.boot.map { "\($0)\r" }, Self.boot.map { "    \($0)" }, Self.boot.map { "\t\($0)\r" },
        ]
        for form in forms {
            let found = facts(form)
            #expect(found.isWhole && found.hasHostBridge && found.failedDecodeRanges.count == 1, "\(form[0])")
        }
        #expect(facts(dated).doubtfulLines == 0)
        #expect(facts(dated + ["[Sun Nov  1 11:02:45 2026] usb 1-1: Product: x"]).doubtfulLines == 3)
    }

    @Test("another facility, a process and a log of everybody are not the kernel") func others() {
        #expect(!facts(["user  :notice: [    3.300000] \(Self.bridge)"]).hasHostBridge)
        #expect(!facts(["daemon:info  : [    3.300000] \(Self.bridge)"]).hasHostBridge)
        #expect(facts(["kern  :info  : [    3.300000] \(Self.bridge)"]).hasHostBridge)
        let start = "Nov 28 07:46:0"
        #expect(!facts(["\(start)7 lab-host kernel[4711]: \(Self.bridge)"]).hasHostBridge)
        #expect(!facts(["\(start)7 lab-host logger: \(Self.bridge)"]).hasHostBridge)
        // A file of syslog, whose tags every user can choose.
        let syslog = ["\(start)6 lab-host systemd[1]: Started x.", "\(start)7 lab-host kernel: \(Self.bridge)"]
        #expect(!facts(syslog).hasHostBridge && !facts(syslog).isEmpty)
    }

    @Test("a sosreport's dmesg -T tells of a host bridge") func sosreport() throws {
        let folder = TestCaptures.newDirectory()
        try shell(
            "mkdir -p proc sos_commands/kernel; echo '5d0000000-5efffffff : Soft Reserved' > proc/iomem",
            in: folder
        )
        try (Self.dated { "[Sat Nov 28 07:46:\($0) 2026] \($1)" }).joined(separator: "\n").write(
            toFile: "\(folder)/sos_commands/kernel/dmesg_-T",
            atomically: true,
            encoding: .utf8
        )
        let machine = try Inspector(root: folder).read()
        #expect(!machine.lacks(.kernelLog))
        #expect(machine.decoderHistory.evidence.contains { $0.contains("host supports CXL") })
    }
}
