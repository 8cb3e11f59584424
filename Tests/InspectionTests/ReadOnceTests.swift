import Foundation
import Inspection
import Machine
import Synchronization
import TestCaptures
import Testing

/// In one reading of a machine every file is read once and every directory listed once, under whatever path.
@Suite("Once only")
struct ReadOnceTests {
    /// What was looked at more than once in one reading of a machine with every source there is.
    private func repeated(_ root: CaptureRoot, isLive: Bool = false) throws -> [String: Int] {
        let tree = CountingTree(tree: DirectoryTree(root: root.path), isLive: isLive)
        _ = try Inspector(tree: tree, log: CountingLog(tree: tree)).read()
        return tree.counts.all.filter { $0.value > 1 }
    }

    /// A copy with the files that most recordings lack: modprobe's configuration with what daxswitch writes there, rules of
    /// udev, the kernel's symbols.
    private func full(_ kernel: String, _ scenario: String, _ moment: String) throws -> CaptureRoot {
        let copy = try TestCaptures.copyWithModules(TestCaptures.root(kernel: kernel, scenario: scenario, moment))
        let hold = "softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false\n"
        for (path, text) in [
            (Inspector.holdPath, hold), (Inspector.persistedPath, hold),
            ("/etc/modprobe.d/local.conf", "alias cxl_acpi off\n"), ("/run/modprobe.d/b.conf", "# b\n"),
            ("/usr/lib/modprobe.d/b.conf", "# hidden now\n"), ("/usr/lib/udev/rules.d/40-x.rules", "# rule\n"),
            ("/proc/kallsyms", "0000000000000000 t dax_hmem_probe\n"),
        ] {
            try copy.write(text, to: path)
        }
        if !FileManager.default.fileExists(atPath: copy.url("/lib/udev").path) {
            for name in ["udev", "modprobe.d"] {
                try FileManager.default.createSymbolicLink(
                    atPath: copy.url("/lib/\(name)").path,
                    withDestinationPath: "/usr/lib/\(name)"
                )
            }
        }
        return copy
    }

    @Test(
        "recorded machines",
        arguments: [
            ("7.3.4", "auto-reload", "03-hmem-first"), ("7.3.4", "hmem-first-then-cxl", "05-hmem-second-load"),
            ("7.3.4", "auto-acpi-out", "03-acpi-out"),
            ("7.3.4", "auto-mixed", "05-hmem-again"), ("7.3.4", "no-region", "02-hmem-first"),
            ("6.12.107", "auto-reload", "03-hmem-first"),
            ("6.12.107", "hmem-first-then-cxl", "03-dax_cxl-second"), ("7.3.4-lab", "three-windows", "01-topology"),
            ("6.1.0-50-lab", "partly-covered", "01-topology"),
        ]
    )
    func recorded(kernel: String, scenario: String, moment: String) throws {
        #expect(try repeated(TestCaptures.root(kernel: kernel, scenario: scenario, moment)) == [:])
        #expect(try repeated(full(kernel, scenario, moment)) == [:])
    }

    @Test("dax_hmem in the kernel image: its symbols tell, of which it takes several") func builtin() throws {
        let copy = try full("6.12.107", "auto-reload", "03-hmem-first")
        let list = try FileManager.default.contentsOfDirectory(atPath: copy.url("/lib/modules").path)
        let builtin = copy.url("/lib/modules/\(try #require(list.first))/modules.builtin")
        let listed = try String(contentsOf: builtin, encoding: .utf8)
        try "\(listed)kernel/drivers/dax/hmem/dax_hmem.ko\n".write(to: builtin, atomically: false, encoding: .utf8)
        let lines = try String(contentsOf: copy.url("/proc/modules"), encoding: .utf8).split(separator: "\n")
        try (lines.filter { !$0.hasPrefix("dax_hmem ") }.joined(separator: "\n") + "\n")
            .write(to: copy.url("/proc/modules"), atomically: false, encoding: .utf8)
        #expect(try repeated(copy) == [:])
    }

    @Test("a running machine: iomem is read until two texts in a row are equal, everything else once")
    func live() throws {
        for kernel in ["7.3.4", "6.12.107"] {
            let copy = try full(kernel, "auto-reload", "03-hmem-first")
            #expect(try repeated(copy, isLive: true) == ["read /proc/iomem": 2])
        }
    }

    @Test("a mounted file system on persistent memory: each table of mounts once, however many disks there are")
    func mounts() throws {
        let copy = try full("7.3.4", "auto-reload", "03-hmem-first")
        let bus = copy.url("/sys/bus/nd/devices")
        try FileManager.default.createDirectory(at: bus, withIntermediateDirectories: true)
        for number in 0..<2 {
            let device = "/sys/devices/ndbus0/region0/namespace0.\(number)"
            for disk in ["pmem\(number)", "pmem\(number)s"] {
                try FileManager.default.createDirectory(
                    at: copy.url("\(device)/block/\(disk)/holders"),
                    withIntermediateDirectories: true
                )
                try "259:\(number)\n".write(
                    to: copy.url("\(device)/block/\(disk)/dev"),
                    atomically: false,
                    encoding: .utf8
                )
            }
            try FileManager.default.createSymbolicLink(
                atPath: copy.url("\(device)/driver").path,
                withDestinationPath: "../../../../bus/nd/drivers/nd_pmem"
            )
            try FileManager.default.createSymbolicLink(
                atPath: bus.appendingPathComponent("namespace0.\(number)").path,
                withDestinationPath: "../../..\(device.dropFirst("/sys".count))"
            )
        }
        let region = copy.url("/sys/devices/ndbus0/region0")
        for name in ["resource", "size"] {
            try "0x40000000\n".write(to: region.appendingPathComponent(name), atomically: false, encoding: .utf8)
        }
        for process in ["1", "7"] {
            try FileManager.default.createDirectory(at: copy.url("/proc/\(process)"), withIntermediateDirectories: true)
            try "25 1 259:1 / /mnt rw - ext4 /dev/pmem1 rw\n"
                .write(to: copy.url("/proc/\(process)/mountinfo"), atomically: false, encoding: .utf8)
        }
        let pmem = try #require(try Inspector(root: copy.path).read().pmem)
        #expect(pmem.map(\.name) == ["namespace0.0", "namespace0.1"])
        #expect(pmem[1].users == ["pmem1 is mounted at /mnt", "pmem1s is mounted at /mnt"])
        #expect(try repeated(copy) == [:])
    }
}

/// How often each file was read and each directory listed.
private final class Counts: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    var all: [String: Int] { counts.withLock { $0 } }

    func count(_ what: String) { counts.withLock { $0[what, default: 0] += 1 } }
}

/// A recorded machine that counts what is read, by the place that a path leads to.
private struct CountingTree: FileTree {
    let tree: DirectoryTree
    let isLive: Bool
    let counts = Counts()

    func display(_ path: String) -> String { tree.display(path) }

    func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        counts.count("read \(tree.realPath(path) ?? path)")
        return try tree.read(path)
    }

    func list(_ path: String) throws(InspectionError) -> [String]? {
        counts.count("list \(tree.realPath(path) ?? path)")
        return try tree.list(path)
    }

    func realPath(_ path: String) -> String? { tree.realPath(path) }
    func linkTarget(_ path: String) -> String? { tree.linkTarget(path) }
}

/// The recorded log, which also counts.
private struct CountingLog: KernelLog {
    let tree: CountingTree

    func content() -> KernelLogContent? {
        tree.counts.count("lines of the log")
        return RecordedKernelLog(tree: tree).content()
    }
}
