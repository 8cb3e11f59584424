import Foundation
import Inspection
import Machine
import TestCaptures
import Testing

/// Whether the decoders are in sight, and what is known of them where they are not.
@Suite("Decoders out of sight")
struct DecoderHistoryTests {
    private func state(_ kernel: String, _ scenario: String, _ moment: String) throws -> MachineState {
        try Inspector(root: TestCaptures.root(kernel: kernel, scenario: scenario, moment).path).read()
    }

    /// The finding where the kernel log, or the command line, of a moment without `cxl_acpi` reads otherwise.
    private func finding(_ path: String, _ change: (String) -> String) throws -> Inferred<DecoderHistory> {
        let copy = try TestCaptures.copy(
            TestCaptures.root(kernel: "7.3.4", scenario: "hmem-first-then-cxl", "hmem-alone")
        )
        let text = try String(contentsOf: copy.url(path), encoding: .utf8)
        try change(text).write(to: copy.url(path), atomically: false, encoding: .utf8)
        return try Inspector(root: copy.path).read().decoderHistory
    }

    @Test("cxl_acpi was never bound: the kernel log goes back to the boot and has no host bridge")
    func untouched() throws {
        for (scenario, moment) in [("auto-reload", "boot"), ("hmem-first-then-cxl", "hmem-alone")] {
            let found = try state("7.3.4", scenario, moment).decoderHistory
            #expect(found.value == .asAtBoot && found.evidence.first?.contains("kernel log") == true, "\(scenario)")
        }
    }

    @Test(
        "cxl_acpi is bound, or was: nothing is proven",
        arguments: [("auto-acpi-out", "cxl-owned"), ("auto-acpi-out", "acpi-out")]
    )
    func touched(scenario: String, moment: String) throws {
        #expect(try state("7.3.4", scenario, moment).decoderHistory.value == .driversBound)
        #expect(try state("6.12.107", scenario, moment).decoderHistory.value == .driversBound)
    }

    @Test("a kernel log that has lost its beginning proves nothing; module_blacklist= does without one")
    func sources() throws {
        let cut = try finding("/dmesg") { String($0.drop { $0 != "\n" }) }
        #expect(
            cut.value == .driversBound && cut.evidence.first?.hasPrefix("The kernel log has lost its beginning") == true
        )
        let barred = try barred("cxl_acpi")
        #expect(
            barred.value == .asAtBoot && barred.evidence == ["/proc/cmdline blocks cxl_acpi with module_blacklist=."]
        )
    }

    /// The finding where `cxl_acpi` was bound and is not loaded now, and `module_blacklist=` names `name`.
    private func barred(_ name: String, also change: (CaptureRoot) throws -> Void = { _ in }) throws -> Inferred<
        DecoderHistory
    > {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-acpi-out", "acpi-out"))
        let line = try String(contentsOf: copy.url("/proc/cmdline"), encoding: .utf8).dropLast()
        try "\(line) module_blacklist=\(name)\n".write(
            to: copy.url("/proc/cmdline"),
            atomically: false,
            encoding: .utf8
        )
        try change(copy)
        return try Inspector(root: copy.path).read().decoderHistory
    }

    @Test("module_blacklist= with a dash, or with cxl_acpi in the kernel image, keeps nothing out and proves nothing")
    func bars() throws {
        #expect(try barred("cxl-acpi").value == .driversBound)
        #expect(try barred("cxl_acpi module_blacklist=nouveau").value == .driversBound)
        let builtin = try barred("cxl_acpi") {
            try FileManager.default.createDirectory(
                at: $0.url("/sys/module/cxl_acpi/drivers"),
                withIntermediateDirectories: true
            )
        }
        #expect(builtin.value == .driversBound)
    }

    @Test("6.1 makes no endpoint where firmware committed a ram region: its decoders are in nobody's sight")
    func noEndpoint() throws {
        let old = try state("6.1.0-50-lab", "partly-covered", "topology")
        #expect(!old.seesDecoders && old.whyDecodersAreUnseen == "mem0 has no endpoint")
        #expect(old.missingCxlDriver == nil)
        #expect(try state("7.3.4-lab", "partly-covered", "topology").seesDecoders)
        #expect(try state("7.3.4", "auto-acpi-out", "acpi-out").whyDecodersAreUnseen == "cxl_acpi is not loaded")
    }

    @Test("what is remembered of some devices alone says so")
    func incomplete() throws {
        var machine = try state("7.3.4-lab", "three-windows", "topology")
        #expect(machine.decodersToRemember(kept: nil)?.isComplete == true)
        machine.memdevs[0].hasEndpoint = false
        #expect(machine.decodersToRemember(kept: nil)?.isComplete == false)
    }
}
