import Foundation
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

/// What can and what can't be known about the initial probe.
@Suite struct InitialProbeTests {
    private func state(_ scenario: String, _ moment: String) throws -> MachineState {
        try Inspector(root: TestCaptures.root(kernel: "7.3.4", scenario: scenario, moment).path).read()
    }

    @Test(
        "known to be over: dax_hmem met a window",
        arguments: [
            ("auto-reload", "hmem-first"), ("auto-reload", "dax_cxl-first"), ("auto-reload", "hmem-again"),
            ("no-region", "hmem-first"),
            ("no-region", "hmem-again"),
            ("auto-partial", "hmem-first"), ("auto-failed-assembly", "hmem-first"), ("auto-mixed", "hmem-again"),
            ("hmem-first-then-cxl", "hmem-second-load"),
        ]
    )
    func done(scenario: String, moment: String) throws {
        let found = try state(scenario, moment).initialProbe
        #expect(found.value == .done)
        #expect(!found.evidence.isEmpty && found.evidence.allSatisfy { $0.contains("/proc/modules") })
    }

    @Test(
        "not known: nothing is loaded, dax_hmem met no window, or no window exists",
        arguments: [
            ("auto-reload", "topology"), ("auto-reload", "hmem-removed"), ("hmem-first-then-cxl", "dax-out"),
            ("auto-acpi-out", "hmem-alone"),
            ("auto-hmem-elsewhere", "hmem-first"),
        ]
    )
    func unknown(scenario: String, moment: String) throws {
        let found = try state(scenario, moment).initialProbe
        #expect(found.value == .unknown)
        #expect(!found.evidence.isEmpty)
    }

    @Test(
        "known to be still to come: no window has been there",
        arguments: [("auto-reload", "boot"), ("hmem-first-then-cxl", "hmem-alone")]
    )
    func pending(scenario: String, moment: String) throws {
        let found = try state(scenario, moment).initialProbe
        #expect(found.value == .pending)
        #expect(!found.evidence.isEmpty && found.evidence.allSatisfy { $0.contains("kernel log") })
    }

    @Test("dax_hmem asks for cxl_acpi before its probe: that it is the older module proves nothing")
    func older() throws {
        for moment in ["topology-under-hmem", "dax_cxl-second"] {
            #expect(try state("hmem-first-then-cxl", moment).initialProbe.value == .unknown)
        }
        // As `modprobe dax_hmem` leaves the list where no region is there: its own probe has met the window.
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "no-region", "hmem-first"))
        let modules = try String(contentsOf: copy.url("/proc/modules"), encoding: .utf8).split(separator: "\n")
        let hmem = modules.filter { $0.hasPrefix("dax_hmem ") }
        let others = modules.filter { !$0.hasPrefix("dax_hmem ") }
        try ((others + hmem).joined(separator: "\n") + "\n")
            .write(to: copy.url("/proc/modules"), atomically: false, encoding: .utf8)
        #expect(try Inspector(root: copy.path).read().initialProbe.value == .unknown)
    }

    /// What is found where the kernel log of a moment of `hmem-first-then-cxl` reads otherwise.
    private func probe(_ moment: String, _ change: (inout String) -> Void) throws -> InitialProbe {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "hmem-first-then-cxl", moment))
        var log = try String(contentsOf: copy.url("/dmesg"), encoding: .utf8)
        change(&log)
        try log.write(to: copy.url("/dmesg"), atomically: false, encoding: .utf8)
        return try Inspector(root: copy.path).read().initialProbe.value
    }

    @Test("a log that has lost its beginning, or that shows a window, proves nothing")
    func doubtfulLogs() throws {
        #expect(try probe("hmem-alone") { _ in } == .pending)
        #expect(try probe("hmem-alone") { $0 = $0.replacing("Linux version", with: "…") } == .unknown)
        #expect(try probe("hmem-alone") { $0 += "[    9.1]  pci0000:0c: host supports CXL (restricted)\n" } == .unknown)
    }

    @Test("bytes that no HMEM range has prove nothing: dax_hmem does not look at them") func bytesOfNoRange() throws {
        var tree = FakeTree(FakeTree.rootDecoder)
        tree["/proc/iomem"] = "5d0000000-6cfffffff : CXL Window 0\n"
        tree["/proc/sys/kernel/osrelease"] = "7.3.4\n"
        tree["/proc/modules"] =
            "dax_hmem 20480 0 - Live 0x0\ncxl_acpi 20480 0 - Live 0x0\n"
        tree["/sys/firmware/memmap/0/start"] = "0x5d0000000\n"
        tree["/sys/firmware/memmap/0/end"] = "0x5efffffff\n"
        tree["/sys/firmware/memmap/0/type"] = "Soft Reserved\n"
        tree.files["/sys/firmware/acpi/tables/HMAT"] = TableBytes.table("HMAT", [])
        tree.files["/sys/firmware/acpi/tables/SRAT"] = TableBytes.srat(
            TableBytes.memory(domain: 1, base: 0x5_e000_0000, size: 512 << 20)
        )
        let found = try Inspector(tree: tree, log: FakeLog()).read().initialProbe
        #expect(found.value == .done)
        let order = try #require(found.evidence.first { $0.contains("loaded after cxl_acpi") })
        #expect(order.contains("0x5e0000000-0x5ffffffff"), "the whole range of the SRAT")
    }

    @Test("dax_hmem is built into the kernel: what it did not take tells anyway") func builtin() throws {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "hmem-first"))
        let modules = try String(contentsOf: copy.url("/proc/modules"), encoding: .utf8)
        let others = modules.split(separator: "\n").filter { !$0.hasPrefix("dax_hmem ") }.joined(separator: "\n") + "\n"
        try others.write(to: copy.url("/proc/modules"), atomically: false, encoding: .utf8)
        let state = try Inspector(root: copy.path).read()
        #expect(state.modules.state(of: "dax_hmem") == .builtin)
        #expect(state.initialProbe.value == .done)
        #expect(state.initialProbe.evidence.contains { $0.contains("kernel image") })
    }

    @Test("cxl_acpi is a built into the kernel and was bound once: dax_hmem, a module, met its window")
    func acpiInTheImage() throws {
        let moment = { (name: String) in
            try TestCaptures.root(kernel: "7.3.4-builtin-lab", scenario: "partly-covered", name)
        }
        // dax_hmem took all that it could, so nothing else tells.
        let found = try Inspector(root: moment("hmem-first").path).read().initialProbe
        #expect(found.value == .done && found.evidence.contains { $0.contains("built into the kernel") })
        // Unbound by hand, dax_hmem loaded, bound again.
        #expect(try Inspector(root: moment("acpi-back").path).read().initialProbe.value == .unknown)
        #expect(try Inspector(root: moment("dax_cxl-last").path).read().initialProbe.value == .unknown)
        let copy = try TestCaptures.copy(moment("hmem-first"))
        let log = try String(contentsOf: copy.url("/dmesg"), encoding: .utf8)
        for changed in [
            log + "[    9.1]  pci0000:0c: host supports CXL\n", log.replacing("Linux version", with: "…"),
            log.replacing("host supports CXL", with: "…"),
        ] {
            try changed.write(to: copy.url("/dmesg"), atomically: false, encoding: .utf8)
            #expect(try Inspector(root: copy.path).read().initialProbe.value == .unknown)
        }
    }

    @Test("the kernel log tells, where dax_hmem has left no trace") func log() throws {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "hmem-removed"))
        let url = copy.url("/dmesg")
        let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        let line =
            "[   12.1] hmem_platform hmem_platform.0: CXL claims resource, dropping: [mem 0x5d0000000-0x5efffffff]\n"
        try (text + line).write(to: url, atomically: false, encoding: .utf8)
        let found = try Inspector(root: copy.path).read().initialProbe
        #expect(found.value == .done && found.evidence.first?.contains("kernel log") == true)
    }

    @Test("other generations have none") func others() throws {
        for kernel in ["6.12.107", "6.1.0-50-amd64"] {
            let root = try TestCaptures.root(kernel: kernel, scenario: "auto-hmem-elsewhere", "hmem-first")
            let found = try Inspector(root: root.path).read().initialProbe
            #expect(found.value == .unknown && found.evidence.first?.contains("no initial probe") == true)
        }
    }

    @Test("an hmem device without a driver may hide a range") func hidden() throws {
        let copy = try TestCaptures.copy(
            TestCaptures.root(kernel: "7.3.4", scenario: "hmem-first-then-cxl", "hmem-alone")
        )
        let state = try Inspector(root: copy.path).read()
        let device = try #require(state.hmemDevices.first?.name)
        try FileManager.default.removeItem(at: copy.url("/sys/bus/platform/devices/\(device)/driver"))
        try FileManager.default.removeItem(at: copy.url("/sys/bus/platform/devices/\(device)/dax0.0"))
        try FileManager.default.removeItem(at: copy.url("/sys/bus/dax/devices/dax0.0"))
        try FileManager.default.removeItem(at: copy.url("/dmesg"))
        #expect(try Inspector(root: copy.path).read().initialProbe.value == .unknown)
    }
}
