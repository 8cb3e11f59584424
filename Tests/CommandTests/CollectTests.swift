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
        try Collector(root: root.path, directory: directory).record()
        #expect(try facts(directory) == (try facts(root.path)))
    }

    /// A recorded machine that takes itself for the running one.
    private struct Live: FileTree {
        let tree: DirectoryTree
        var isLive: Bool { true }
        func display(_ path: String) -> String { path }
        func read(_ path: String) throws(InspectionError) -> [UInt8]? { try tree.read(path) }
        func list(_ path: String) throws(InspectionError) -> [String]? { try tree.list(path) }
        func realPath(_ path: String) -> String? { tree.realPath(path) }
        func linkTarget(_ path: String) -> String? { tree.linkTarget(path) }
    }

    @Test("a kernel without modules, and a gap where memory was unplugged: the recording says that nothing was lost")
    func absences() throws {
        let root = try TestCaptures.copy(TestCaptures.root(kernel: "6.12.107", scenario: "auto-acpi-out", "acpi-out"))
        let gone = ["/proc/modules", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/modules_disabled"]
        for path in gone { try FileManager.default.removeItem(at: root.url(path)) }
        let map = "/sys/firmware/memmap"
        try FileManager.default.moveItem(at: root.url("\(map)/0"), to: root.url("\(map)/200"))
        let tree = Live(tree: DirectoryTree(root: root.path))
        let directory = TestCaptures.newDirectory()
        try Collector(tree: tree, log: RecordedKernelLog(tree: tree), directory: directory).record()
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
        try Collector(tree: DirectoryTree(root: root.path), log: log, directory: directory).record()
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

    @Test("a directory with something in it is left alone: 64")
    func notEmpty() throws {
        let file = try temporaryFile("note", "mine")
        let directory = String(file.dropLast("/note".count))
        let ended = try Tool.run(["collect", directory])
        #expect(ended.status == 64)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["note"])
    }
}
