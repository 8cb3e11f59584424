import Foundation
import Inspection
import Machine
import TestCaptures
import Testing

/// Issue 10, number 5: what this kernel's log shows is not all that can have happened to the decoders.
@Suite("Decoders after kexec and sleep")
struct EarlierKernelTests {
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

    /// The finding where a machine without `cxl_acpi`, whose log is whole, also has these files.
    private func finding(_ files: [String: String], isLive: Bool = false) throws -> Finding<Bool> {
        let copy = try TestCaptures.copy(
            TestCaptures.root(kernel: "7.3.4", scenario: "hmem-first-then-cxl", "hmem-alone")
        )
        for (path, text) in files {
            let url = copy.url(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try text.write(to: url, atomically: false, encoding: .utf8)
        }
        let tree = DirectoryTree(root: copy.path)
        guard isLive else { return try Inspector(root: copy.path).read().decodersAsAtBoot }
        return try Inspector(tree: Live(tree: tree), log: RecordedKernelLog(tree: tree)).read().decodersAsAtBoot
    }

    private let loader = "/proc/sys/kernel/bootloader_type"

    @Test("kexec: the kernel before this one may have reset them, whatever this one's log and command line show")
    func kexec() throws {
        #expect(try finding([loader: "114\n"]).value, "GRUB")
        #expect(try finding([loader: "33\n"]).value, "the EFI stub")
        let found = try finding([loader: "208\n"])
        #expect(!found.value && found.evidence.first?.contains("kexec") == true)
        #expect(try finding(["/proc/cmdline": "module_blacklist=cxl_acpi\n"]).value)
        #expect(try !finding([loader: "208\n", "/proc/cmdline": "module_blacklist=cxl_acpi\n"]).value)
    }

    @Test("a running machine that doesn't show what started its kernel proves nothing") func unknownLoader() throws {
        #expect(try finding([loader: "114\n"], isLive: true).value)
        #expect(try !finding([loader: "208\n"], isLive: true).value)
        #expect(try !finding([:], isLive: true).value)
    }

    @Test("the machine has slept, though the log has no line of it") func sleep() throws {
        let path = "/sys/power/suspend_stats/success"
        #expect(try finding([path: "0\n"]).value)
        let found = try finding([path: "2\n"])
        #expect(!found.value && found.evidence.first?.contains("slept") == true)
    }

    @Test("collect records both") func paths() {
        #expect(Inspector.historyPaths == [loader, "/sys/power/suspend_stats/success"])
    }
}
