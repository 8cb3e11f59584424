import Foundation
import Inspection
import Persistence
import TestCaptures
import Testing

@testable import daxswitch

@Suite("persist of a recorded machine")
struct PersistPreviewTests {
    private func write(_ text: String, _ path: String, _ root: CaptureRoot) throws {
        let url = root.url(path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
    }

    @Test("collect records what decides what persist writes: that programs are there, and the mounts of /etc alone")
    func collected() throws {
        let host = try TestCaptures.copy(try TestCaptures.root("7.3.4/locked-switch/cxl-owned"))
        try write("#!/bin/sh\n# long\n", "/usr/bin/dracut", host)
        try write("ID=fedora\n", "/etc/os-release", host)
        let root = "23 1 252:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
        try write(root + "24 23 0:9 / /home rw - nfs server:/secret rw\n", "/proc/self/mountinfo", host)
        let capture = TestCaptures.newDirectory()
        try CaptureTarget(capture).write(Collector(root: host.path).record(), noting: nil)
        let read = { (path: String) in try String(contentsOfFile: capture + path, encoding: .utf8) }
        #expect(try read("/usr/bin/dracut").isEmpty)
        #expect(try read("/proc/self/mountinfo") == root)
        #expect(try read("/etc/os-release") == "ID=fedora\n")
        #expect(BootSystem(recorded: try Material.open(capture).tree).builder == .dracut)
    }

    @Test("what a capture does not tell is named; what it says is absent is told")
    func unrecorded() throws {
        let host = try TestCaptures.copy(try TestCaptures.root("7.3.4/locked-switch/cxl-owned"))
        let system = { BootSystem(recorded: try Material.open(host.path).tree) }
        #expect(try system().unrecorded.count == 4)
        let absent = BootSystem.recordedPresences + [BootSystem.mounts]
        try write(absent.map { $0 + "\n" }.joined(), "/absent", host)
        #expect(try system().unrecorded == ["the initramfs images"])
        #expect(BootSystem().unrecorded.isEmpty)
    }

    @Test("a recorded machine is never changed: 64 without --dry-run, and with what would run a program")
    func usage() throws {
        let root = try TestCaptures.root("7.3.4/locked-switch/cxl-owned")
        for options in [[], ["--dry-run", "--update-initramfs"], ["--dry-run", "--update-boot-loader"], ["--yes"]] {
            #expect(try Tool.run(["persist", "hmem", "--root", root.path] + options).status == 64, "\(options)")
        }
    }

    @Test("cxl_acpi is built in and the boot loader is not recorded: the kernel's parameter is named")
    func builtin() throws {
        let moment = try TestCaptures.root("7.3.4-builtin/uek-switch-locked/hmem-owned")
        let root = try TestCaptures.copyWithModules(moment)
        let command = ["persist", "hmem", "--dry-run", "--root", root.path]
        let text = try Tool.run(command).output
        #expect(text.contains("Boot loader  not recorded.") && text.contains("initcall_blacklist=cxl_acpi_init"))
        let document = try Tool.run(command + ["--json"]).document()
        #expect(try Schema(named: "persist").problems(document) == [])
        let loader = try #require(document["boot_loader"] as? [String: Any])
        #expect(loader["parameter"] as? String == "initcall_blacklist=cxl_acpi_init" && loader["name"] is NSNull)
    }

    @Test("the document is as its schema says")
    func document() throws {
        let root = try TestCaptures.root("7.3.4/locked-switch/cxl-owned")
        let document = try Tool.run(["persist", "hmem", "--dry-run", "--root", root.path, "--json"]).document()
        #expect(try Schema(named: "persist").problems(document) == [])
        #expect((document["unrecorded"] as? [String])?.isEmpty == false)
    }
}
