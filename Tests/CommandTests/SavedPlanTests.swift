import ArgumentParser
import Foundation
import Inspection
import Machine
import Ownership
import Policy
import SavedPlan
import TestCaptures
import Testing

@testable import daxswitch

@Suite("A saved plan")
struct SavedPlanTests {
    /// A machine that can be changed: CXL owns a range through a locked region, and it says who it is.
    private func host() throws -> CaptureRoot {
        let host = try TestCaptures.copy(try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned"))
        try write("node7\n", to: "/proc/sys/kernel/hostname", of: host)
        try write("1f0c8a7e5b9d4c6fa2e3d4b5c6a79881\n", to: "/etc/machine-id", of: host)
        return host
    }

    private func write(_ text: String, to path: String, of host: CaptureRoot) throws {
        let url = host.url(path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// `plan hmem --out` of the machine below `root`.
    private func document(_ root: String) throws -> String {
        let policy = try PolicyLibrary(folders: []).find("hmem").policy
        return JSONText.document(try Planner(machine: try Inspector(root: root).read()).plan(policy))
    }

    /// What `apply` of a document would carry out on `host`.
    private func planned(_ text: String, on host: CaptureRoot) throws -> Plan {
        try planned(try PlanFile.parse(text, file: "plan.json"), on: host)
    }

    private func planned(_ saved: Plan, on host: CaptureRoot) throws -> Plan {
        try PolicyOrPlan.plan(saved, file: "plan.json")
            .plan(for: try Inspector(root: host.path).read(), try ConsentOptions.parse([]))
    }

    /// The facts for which the document is refused on `host`.
    private func stale(_ text: String, on host: CaptureRoot) throws -> [String] {
        let error = try #require(throws: StalePlan.self) { try planned(text, on: host) }
        #expect(Failure(error).status == .refused)
        return error.changes.map(\.description)
    }

    @Test("made from a capture of this host, it applies to this host, and the capture tells no machine id")
    func fromCapture() throws {
        let host = try host()
        let capture = TestCaptures.newDirectory()
        try CaptureTarget(capture).write(Collector(root: host.path).record(), noting: nil)
        #expect(!FileManager.default.fileExists(atPath: "\(capture)/etc/machine-id"))
        let plan = try planned(try document(capture), on: host)
        #expect(plan.steps.map(\.description).last == "load:dax_hmem")
        #expect(plan.fingerprint.host.name == "node7" && plan.fingerprint.host.id != nil)
    }

    @Test("applies after changes that it does not rely on")
    func unrelated() throws {
        let host = try host()
        let plan = try document(host.path)
        let modules = try String(contentsOf: host.url("/proc/modules"), encoding: .utf8)
        try write("ext4 950272 1 - Live 0xffffffffc0b00000\n" + modules, to: "/proc/modules", of: host)
        let iomem = try String(contentsOf: host.url("/proc/iomem"), encoding: .utf8)
        try write(iomem.replacing("fed00000-fed003ff : HPET 0\n", with: ""), to: "/proc/iomem", of: host)
        try write("1\n", to: "/etc/motd", of: host)
        #expect(try !planned(plan, on: host).isEmpty)
    }

    @Test(
        "is refused by name after a change that it relies on",
        arguments: [
            (
                "/proc/modules", "cxl_pci 28672 0 - Live 0xffffffffc0a1c000\n", "",
                "module cxl_pci: live -> absent"
            ),
            ("/proc/modules", "cxl_pci 28672 0 - Live", "cxl_pci 28672 0 - Unloading", "live -> changing"),
            (
                "/sys/bus/cxl/devices/region0/locked", "1", "0",
                "region region0: 0x5d0000000-0x5efffffff, ram, committed, locked, assembled -> "
                    + "0x5d0000000-0x5efffffff, ram, committed, not locked, assembled"
            ),
            ("/proc/sys/kernel/modules_disabled", "0", "1", "kernel: modules_disabled: 0 -> 1"),
            (
                "/sys/kernel/security/lockdown", "[none]", "none [integrity]",
                "kernel: lockdown: none -> integrity"
            ),
            ("/proc/sys/kernel/osrelease", "7.3.4", "7.3.5", "kernel: 7.3.4"),
        ]
    )
    func related(path: String, word: String, replacement: String, change: String) throws {
        let host = try host()
        let plan = try document(host.path)
        let text = try String(contentsOf: host.url(path), encoding: .utf8)
        try #require(text.contains(word))
        try write(text.replacing(word, with: replacement), to: path, of: host)
        let changes = try stale(plan, on: host)
        #expect(changes.contains { $0.contains(change) }, "\(changes)")
    }

    @Test("names every fact that later steps changed, and none besides")
    func later() throws {
        let before = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let after = try Inspector(
            root: TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "hmem-owned").path
        ).read()
        let changes = Fingerprint(of: try Inspector(root: before.path).read()).changes(on: after).map(\.fact)
        for fact in ["module cxl_acpi", "region region0", "CXL window 0x5d0000000-0x6cfffffff"] {
            #expect(changes.contains(fact), "\(changes)")
        }
        #expect(!changes.contains { $0.hasPrefix("Soft Reserved") || $0 == "boot" || $0 == "host" })
    }

    @Test("whose wants hold already on the same boot: nothing to do; what is not wanted there is refused still")
    func carriedOut() throws {
        let before = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let after = try TestCaptures.copy(
            try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "hmem-owned")
        )
        let plan = try document(before.path)
        let again = try planned(plan, on: after)
        #expect(again.isEmpty && again.hazards.isEmpty)
        func wanting(_ owner: Owner?) throws -> String {
            var other = try PlanFile.parse(plan, file: "plan.json")
            other.request.policy?.want = Policy.Want(coveredByRegion: owner, windowOnly: owner, outsideWindows: owner)
            return JSONText.document(other)
        }
        #expect(try stale(wanting(.cxl), on: after).contains { $0.hasPrefix("module cxl_acpi: live ->") })
        #expect(try !stale(wanting(nil), on: after).isEmpty)
        var withMore = try PlanFile.parse(plan, file: "plan.json")
        withMore.fingerprint.facts["soft_reserved"]?["0x6d0000000-0x6efffffff"] = "there"
        #expect(throws: StalePlan.self) { try planned(withMore, on: after) }
        try write("another\n", to: "/proc/sys/kernel/random/boot_id", of: after)
        #expect(try stale(plan, on: after).contains { $0.hasPrefix("boot: ") })
    }

    @Test("of another host: refused, both named, and nothing else said")
    func otherHost() throws {
        let host = try host()
        let plan = try document(host.path)
        try write("node8\n", to: "/proc/sys/kernel/hostname", of: host)
        #expect(try !planned(plan, on: host).isEmpty, "a host may be renamed: the id decides")
        try write("00000000000000000000000000000001\n", to: "/etc/machine-id", of: host)
        try write("0\n", to: "/sys/bus/cxl/devices/region0/locked", of: host)
        let changes = try stale(plan, on: host)
        #expect(changes.count == 1)
        #expect(changes[0].hasPrefix("host: node7 (") && changes[0].contains(") -> node8 ("))
    }

    @Test("of an earlier boot, or of one that is not known: refused")
    func otherBoot() throws {
        let host = try host()
        let plan = try document(host.path)
        let id = try String(contentsOf: host.url("/proc/sys/kernel/random/boot_id"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try write("00000000-0000-4000-8000-000000000001\n", to: "/proc/sys/kernel/random/boot_id", of: host)
        #expect(try stale(plan, on: host) == ["boot: \(id) -> 00000000-0000-4000-8000-000000000001"])
        var unknown = try PlanFile.parse(plan, file: "plan.json")
        unknown.fingerprint.bootID = nil
        #expect(try stale(JSONText.document(unknown), on: host)[0].hasPrefix("boot: none ->"))
    }

    @Test("from a later daxswitch: the version is what is wrong, however else it looks")
    func future() throws {
        let error = #expect(throws: PlanFileError.self) {
            try PlanFile.parse("{\"schema_version\": 2, \"kind\": \"plan\", \"stages\": []}", file: "plan.json")
        }
        #expect(error.map { Failure($0).status } == .badData)
        #expect(error?.description.contains("plan.json: schema_version: this is version 2") == true)
    }

    @Test("whose facts were edited: bad, with the key")
    func edited() throws {
        let host = try host()
        let plan = try document(host.path).replacing("committed, locked", with: "committed, not locked")
        let error = #expect(throws: PlanFileError.self) { try PlanFile.parse(plan, file: "plan.json") }
        #expect(error?.place == "fingerprint.digests.regions")
    }

    @Test("that is stale stands in the document of apply, as its schema says")
    func report() throws {
        let host = try host()
        let plan = try document(host.path)
        try write("1\n", to: "/proc/sys/kernel/modules_disabled", of: host)
        var report = ApplyReport()
        do { _ = try planned(plan, on: host) } catch { report.fail(error) }
        #expect(report.status == .refused && !report.isChanged)
        let object = try JSONSerialization.jsonObject(with: Data(applyDocument(report).rendered.utf8))
        #expect(try Schema(named: "apply").problems(object) == [])
        let stale = (object as? [String: Any])?["stale"] as? [[String: String]]
        #expect(stale == [["fact": "kernel: modules_disabled", "before": "0", "now": "1"]])
    }

    @Test("that can't be written whole: 1, and the old file is as it was")
    func fullDisk() throws {
        let host = try host()
        let file = try temporaryFile("plan.json", "old")
        let arguments = [Tool.path, "plan", "hmem", "--root", host.path, "--out"]
        let ended = try Tool.run(command: ["prlimit", "--fsize=2000"] + arguments + [file])
        #expect(ended.status == 1)
        #expect(ended.complaint.contains("plan.json"))
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: String(file.dropLast(10))) == ["plan.json"])
        let full = try Tool.run(command: arguments + ["/dev/full"])
        #expect(full.status == 1)
        #expect(full.complaint.contains("No space left on device"))
    }
}
