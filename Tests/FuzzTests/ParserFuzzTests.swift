import Foundation
import LinuxSystem
import Machine
import Ownership
import Policy
import Reload
import SavedPlan
import TestCaptures
import Testing

@testable import Inspection
@testable import Iomem
@testable import daxswitch

/// Whatever bytes a parser gets, it returns a value or throws its own error, in time.
@Suite("Parsers under changed inputs", .serialized) struct ParserFuzzTests {
    @Test("unchanged, the tree is read: what is changed in it comes to its parser") func unchanged() throws {
        let tree = MemoryTree()
        #expect(try Inspector(tree: tree, log: RecordedKernelLog(tree: tree)).read().softReserved.count == 1)
    }

    @Test func iomem() throws {
        try Fuzzer("iomem").run { bytes in
            do throws(IomemError) {
                let tree = try IomemTree(parsing: bytes, file: "/proc/iomem")
                _ = tree.flattened.count + tree.entries { $0 == "Soft Reserved" }.count
            } catch {
                _ = "\(error)"
            }
            reading(MemoryTree(["/proc/iomem": bytes]))
        }
    }

    @Test func archive() {
        var tar = TarWriter()
        tar.add(TarMember(path: "m/proc/iomem", kind: .file(Array("5d0000000-5efffffff : Soft Reserved\n".utf8))))
        tar.add(TarMember(path: String(repeating: "m/", count: 80) + "x", kind: .link("../y")))
        tar.add(TarMember(path: "m", kind: .directory))
        Fuzzer("tar", corpus: [tar.bytes]).run { bytes in
            var reader = TarReader(ResumedStream(bytes))
            do throws(SystemError) {
                while try reader.next() != nil {}
            } catch {
                #expect(error.code == .unusable)
            }
        }
    }

    @Test func listings() {
        let cxl = """
            [{"decoders:root0":[{"decoder":"decoder0.0","size":1,"regions:decoder0.0":[{"region":"region0"}]}]}]
            """
        let dax = """
            [{"path":"/platform/hmem.0","devices":[{"chardev":"dax0.0","size":"4.00 GiB (4.29 GB)"}]}]
            """
        Fuzzer("listing", corpus: [Array(cxl.utf8), Array(dax.utf8)]).run { bytes in
            var tree = StoredTree { $0 }
            CxlListing(bytes)?.add(to: &tree, daxRegions: nil)
            DaxctlListing(bytes)?.add(to: &tree, iomem: nil)
            reading(tree)
        }
    }

    @Test(arguments: ["CEDT", "SRAT"]) func table(signature: String) throws {
        let attributes = Self.sealed(Array("HMAT".utf8) + [36, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 27))
        try Fuzzer(signature.lowercased()).run { bytes in
            // Few changed tables would get past the length.
            for bytes in [bytes, Self.sealed(bytes)] {
                reading(
                    MemoryTree([
                        "/sys/firmware/acpi/tables/\(signature)": bytes,
                        "/sys/firmware/acpi/tables/HMAT": attributes,
                    ])
                )
            }
        }
    }

    private static func sealed(_ table: [UInt8]) -> [UInt8] {
        guard table.count >= 36 else { return table }
        var table = table
        for index in 0..<4 { table[4 + index] = UInt8(truncatingIfNeeded: table.count >> (8 * index)) }
        return table
    }

    @Test func kernelLog() throws {
        try Fuzzer("log").run { bytes in
            let tree = MemoryTree(["/dmesg": bytes])
            for log in [RecordedKernelLog(tree: tree).content(), .records(KernelLogRecord.parse(bytes))] {
                let maps = LoggedFacts(log).maps
                _ = maps.firmware.merged() + (maps.changed ?? []).merged() + maps.specificPurpose.merged()
            }
            _ = KernelLogRecord(bytes)?.isFromKernel
            reading(tree)
        }
    }

    @Test func modules() throws {
        try Fuzzer("modules").run { reading(MemoryTree(["/proc/modules": $0])) }
    }

    @Test func moduleLists() throws {
        try Fuzzer("module-lists").run { bytes in
            _ = ModuleLists.dependencies(bytes).needs.count + ModuleLists.softDependencies(bytes).count
            let directory = "/lib/modules/6.12.107"
            let files = ["modules.dep", "modules.softdep", "modules.builtin"].map { ("\(directory)/\($0)", bytes) }
            reading(MemoryTree(Dictionary(uniqueKeysWithValues: files)))
        }
    }

    @Test func commandLine() throws {
        try Fuzzer("cmdline").run { bytes in
            let line = KernelCommandLine(String(decoding: bytes, as: UTF8.self))
            _ = CommandLineMap(line).changes.count + line.allParameters.count + line.barredModules.count
            reading(
                MemoryTree(["/proc/cmdline": bytes, "/proc/iomem": Array("00100000-3ffdffff : System RAM\n".utf8)])
            )
        }
    }

    @Test func rememberedFacts() throws {
        try Fuzzer("facts").run { bytes in
            if let facts = RememberedFacts(parsing: bytes) {
                #expect(RememberedFacts(parsing: facts.serialized())?.decoders == facts.decoders)
            }
        }
    }

    @Test func policy() throws {
        try Fuzzer("policy").run { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(PolicyError) {
                _ = try PolicyFile.parse(text, file: "fuzz.toml")
            } catch {
                _ = "\(error)"
            }
        }
    }

    @Test("unchanged, the plans are read: what is changed in them comes past their shape")
    func unchangedPlans() throws {
        let whole = try Corpus.inputs(of: "plan").filter { $0.count > 1000 && $0.contains(0x0a) }
        for plan in whole { _ = try PlanFile.parse(String(decoding: plan, as: UTF8.self), file: "plan.json") }
        #expect(whole.count == 2)
    }

    @Test func plan() throws {
        try Fuzzer("plan").run { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(PlanFileError) {
                _ = try PlanFile.parse(text, file: "plan.json")
            } catch {
                _ = "\(error)"
            }
        }
    }

    /// Text that other programs and users write: configuration, processes, memory, the kernel log, history, lists.
    @Test func texts() throws {
        let directory = TestCaptures.newDirectory()
        let history = "\(directory)/\(History.path)"
        try FileManager.default.createDirectory(
            atPath: (history as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        try Fuzzer("texts").run { bytes in
            let process = "/proc/123"
            let paths = [
                "/etc/modprobe.d/a.conf", "/etc/udev/rules.d/a.rules", "\(process)/maps", "\(process)/mountinfo",
                "\(process)/comm", "/proc/meminfo", "/sys/devices/system/node/node1/meminfo",
                "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages",
            ]
            let tree = MemoryTree(Dictionary(uniqueKeysWithValues: paths.map { ($0, bytes) }))
            reading(tree)
            _ = OnliningRules(tree: tree).files()
            _ = DaxFiles(tree: tree, devices: ["dax0.0"], table: ProcessTable(tree: tree)).used(by: "123")
            if let room = MemoryRoomReading(tree: tree).read() { _ = room.nodes.map(\.used) }
            if let record = KernelLogRecord(bytes) { #expect(!record.text.contains("\n")) }
            let text = String(decoding: bytes, as: UTF8.self)
            let line = Line(text)
            #expect(!line.rendered.unicodeScalars.contains { $0.isEscaped })
            #expect(wrapped(text, indent: 2).allSatisfy { $0.rendered == $0.text })
            let document = JSONValue.text(text).rendered
            #expect(!document.unicodeScalars.contains { $0 != "\n" && $0.isEscaped })
            let decoded = try JSONDecoder().decode(String.self, from: Data(document.utf8))
            #expect(decoded == text)
            try Data(bytes).write(to: URL(fileURLWithPath: history))
            _ = historyText(try History.read(root: directory).records, style: Style(hasColour: true))
            var lines = LineReader(try File(history, O_RDONLY))
            do throws(SystemError) {
                while try lines.next() != nil {}
            } catch {
                #expect(error.cause == "a line is longer than 64 KiB" && bytes.count > 64 << 10)
            }
        }
    }

    @Test func journal() throws {
        let state = StateDirectory(root: TestCaptures.newDirectory())
        try FileManager.default.createDirectory(atPath: state.directory, withIntermediateDirectories: true)
        try Fuzzer("journal").run { bytes in
            try Data(bytes).write(to: URL(fileURLWithPath: state.journal))
            do throws(ReloadError) {
                _ = try UnfinishedRun.find(JournalFile(state), bootID: "3c53cd32-5a7c-4c7f-9d8e-1f0e5c6b7a80")
            } catch {
                _ = "\(error)"
            }
        }
    }

    private func reading(_ tree: any FileTree) {
        do throws(InspectionError) {
            _ = try Inspector(tree: tree, log: RecordedKernelLog(tree: tree)).read()
        } catch {
            #expect(!error.message.isEmpty)
        }
    }
}
