import Foundation
import Inspection
import LinuxSystem
import Machine
import TestCaptures
import Testing

@testable import daxswitch

@Suite("collect")
struct CollectTests {
    /// What may differ between a machine and its recording: the names of the files in sentences.
    private func facts(_ root: String) throws -> MachineState {
        var machine = try Inspector(root: root).read()
        machine.kernel.generation.evidence = machine.kernel.generation.evidence.map {
            $0.replacingOccurrences(of: root, with: "")
        }
        machine.initialProbe.evidence = machine.initialProbe.evidence.map {
            $0.replacingOccurrences(of: root, with: "")
        }
        return machine
    }

    @Test(
        "a recording of a recorded machine reads as that machine",
        arguments: [
            ("7.3.4", "auto-reload", "dax_cxl-first"), ("7.3.4", "auto-kmem", "kmem-movable"),
            ("7.3.4", "auto-devdax", "held"),
            ("7.3.4-firmware", "scale-2w", "dax_cxl"), ("6.12.107", "auto-partial", "dax_cxl-first"),
            ("6.12.107", "hmem-first-then-cxl", "dax_cxl-second"),
            ("6.1.0-50-amd64", "auto-hmem-elsewhere", "hmem-first"),
        ]
    )
    func roundTrip(kernel: String, scenario: String, moment: String) throws {
        let root = try TestCaptures.copyWithModules(
            try TestCaptures.root(kernel: kernel, scenario: scenario, moment)
        )
        let directory = TestCaptures.newDirectory()
        try CaptureTarget(directory).write(Collector(root: root.path).record(), noting: nil)
        #expect(try facts(directory) == (try facts(root.path)))
    }

    @Test("a kernel without modules, and a gap where memory was unplugged: the recording says that nothing was lost")
    func absences() throws {
        let root = try TestCaptures.copy(TestCaptures.root(kernel: "6.12.107", scenario: "auto-acpi-out", "acpi-out"))
        let gone = ["/proc/modules", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/modules_disabled"]
        for path in gone { try FileManager.default.removeItem(at: root.url(path)) }
        let map = "/sys/firmware/memmap"
        try FileManager.default.moveItem(at: root.url("\(map)/0"), to: root.url("\(map)/200"))
        let tree = LiveTree(DirectoryTree(root: root.path))
        let directory = TestCaptures.newDirectory()
        try CaptureTarget(directory).write(
            Collector(tree: tree, log: RecordedKernelLog(tree: tree)).record(),
            noting: nil
        )
        let machine = try Inspector(root: directory).read()
        #expect(machine.modules.loaded.isEmpty && !machine.kernel.hasModuleHelper)
        #expect(
            machine.softReserved == (try Inspector(tree: tree, log: RecordedKernelLog(tree: tree)).read().softReserved)
        )

        for path in [RecordedAbsences.path, "/sys/module", "\(map)/1"] {
            let torn = TestCaptures.newDirectory() + "/torn"
            try FileManager.default.copyItem(atPath: directory, toPath: torn)
            try FileManager.default.removeItem(atPath: torn + path)
            let error = #expect(throws: InspectionError.self) { try Inspector(root: torn).read() }
            #expect(error?.code == .badCapture, "without \(path)")
        }
    }

    private struct RecordLog: KernelLog {
        let text: String
        func content() -> KernelLogContent? { .records(KernelLogRecord.parse(Array(text.utf8))) }
    }

    @Test("the kernel log is recorded with facility, number and device, and reads as it was; dmesg is for people")
    func records() throws {
        let text = """
            6,0,0,-;Linux version 7.3.4 (build@host) (gcc) #1 SMP
            12,1,5140900,-;systemd[1]: user space
            6,2,5140901,-,caller=T9; x\\x0ay
             SUBSYSTEM=platform
             DEVICE=+platform:hmem.0

            """
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "boot")
        let directory = TestCaptures.newDirectory()
        let log = RecordLog(text: text)
        try CaptureTarget(directory).write(
            Collector(tree: DirectoryTree(root: root.path), log: log).record(),
            noting: nil
        )
        #expect(try String(contentsOfFile: directory + "/kmsg", encoding: .utf8) == text)
        #expect(RecordedKernelLog(tree: DirectoryTree(root: directory)).content() == log.content())
        #expect(
            try String(contentsOfFile: directory + "/dmesg", encoding: .utf8) == """
                [    0.000000] Linux version 7.3.4 (build@host) (gcc) #1 SMP
                [    5.140900] systemd[1]: user space
                [    5.140901]  x\\x0ay

                """
        )
    }

    @Test(
        "an archive reads as the directory does",
        arguments: ["a.tgz", "a.tar.gz", "a.txz", "a.tar.xz", "a.tar.zst", "a.tar"]
    )
    func archive(name: String) throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "auto-kmem", "kmem-movable")
        let capture = try Collector(root: root.path).record()
        let folder = TestCaptures.newDirectory()
        try CaptureTarget("\(folder)/\(name)").write(capture, noting: nil)
        #expect(try Inspector(root: "\(folder)/\(name)").read() == (try Inspector(root: root.path).read()))
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [name])
        // tar itself makes the same of it.
        let run = try Tool.run(command: ["tar", "-xf", name], in: folder)
        #expect(run.status == 0 && run.complaint.isEmpty)
        #expect(try Inspector(root: "\(folder)/a").read() == (try Inspector(root: root.path).read()))
        #expect(try Capture(packed: capture.packed) == capture)
    }

    @Test("the same machine is the same archive") func sameArchive() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "auto-kmem", "kmem-movable")
        let folder = TestCaptures.newDirectory()
        for name in ["1/a.tgz", "2/a.tgz"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(name.prefix(1))",
                withIntermediateDirectories: true
            )
            try CaptureTarget("\(folder)/\(name)").write(Collector(root: root.path).record(), noting: nil)
        }
        let files = try ["1", "2"].map { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)/a.tgz")) }
        #expect(files[0] == files[1])
    }

    @Test("--redact: the host's name, the ids and the serials are gone from every file, and it reads as before")
    func redacted() throws {
        let root = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-kmem", "kmem-movable"))
        func write(_ path: String, _ text: String) throws {
            try FileManager.default.createDirectory(
                at: root.url(path).deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try text.write(to: root.url(path), atomically: true, encoding: .utf8)
        }
        let boot = try String(contentsOf: root.url("/proc/sys/kernel/random/boot_id"), encoding: .utf8)
        let id = boot.trimmingCharacters(in: .whitespacesAndNewlines)
        try write("/proc/sys/kernel/hostname", "db-7.example.org\n")
        try write("/host-id", "93c0ffee93c0ffee\n")
        try write("/proc/cmdline", "quiet systemd.machine_id=0123456789abcdef0123456789abcdef systemd.hostname=db-7\n")
        try write(
            "/run/daxswitch/regions.json",
            "{\"boot_id\":\"\(id)\",\"decoders\":null,\"initial_probe\":\"done\"}\n"
        )
        let log = try String(contentsOf: root.url("/dmesg"), encoding: .utf8)
        try write(
            "/dmesg",
            log + "[  100.000001] systemd[1]: Hostname set to <db-7.example.org>.\n[  100.000002] x: s/n 0xa1b2c3d4e5\n"
        )
        let serials = root.url("/sys/bus/cxl/devices/mem0").resolvingSymlinksInPath().path
        try "0xa1b2c3d4e5\n".write(toFile: "\(serials)/serial", atomically: true, encoding: .utf8)

        let capture = try Collector(root: root.path).record()
        let redacted = Redaction(of: capture).applied(to: capture)
        let before = try Inspector(Material.of(capture.members)).read()
        let after = try Inspector(Material.of(redacted.members)).read()
        for secret in ["db-7", "93c0ffee93c0ffee", "0123456789abcdef0123456789abcdef", id, "a1b2c3d4e5"] {
            for case (let path, .file(let bytes)) in redacted.members.map({ ($0.path, $0.kind) }) {
                #expect(!String(decoding: bytes, as: UTF8.self).contains(secret), "\(secret) in \(path)")
            }
        }
        // Equal values have equal replacements: the kept facts are still those of this boot.
        #expect(after.initialProbe == before.initialProbe && before.initialProbe.value == .done)
        #expect(after.host.name == "redacted-host" && after.kernel.bootID?.count == 36)
        var same = after
        same.host = before.host
        same.kernel.bootID = before.kernel.bootID
        same.kernel.commandLine = before.kernel.commandLine
        same.memdevs = before.memdevs
        #expect(same == before)
        #expect(redacted.members.map(\.path) == capture.members.map(\.path))
    }

    @Test("a file that is there is left alone: 64") func fileThere() throws {
        let file = try temporaryFile("mine.tgz", "mine")
        #expect(try Tool.run(["collect", file]).status == 64)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
    }

    @Test("whatever a recorded machine is, its recording can be read again") func readAgain() throws {
        for root in TestCaptures.all.enumerated().filter({ $0.offset.isMultiple(of: 9) }).map(\.element) {
            let tree = try TestCaptures.tree(of: root)
            let log = RecordedKernelLog(tree: tree)
            let machine = try Inspector(tree: tree, log: log).read()
            let again = try Inspector(Material.of(Collector(tree: tree, log: log).record().members)).read()
            #expect(again.regions == machine.regions && again.daxDevices == machine.daxDevices, "\(root)")
            #expect(again.softReserved.map(\.range) == machine.softReserved.map(\.range), "\(root)")
        }
    }

    @Test("a directory with something in it is left alone: 64")
    func notEmpty() throws {
        let file = try temporaryFile("note", "mine")
        let directory = String(file.dropLast("/note".count))
        let ended = try Tool.run(["collect", directory])
        #expect(ended.status == 64)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["note"])
    }
}
