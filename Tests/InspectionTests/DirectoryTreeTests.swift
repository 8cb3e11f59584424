import Foundation
import Glibc
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Inspection

/// Nothing outside the root is ever read, and what vanishes is absent.
@Suite struct DirectoryTreeTests {
    private let root = TestCaptures.newDirectory()
    private var tree: DirectoryTree { DirectoryTree(root: root + "/tree") }

    init() throws {
        let files = FileManager.default
        try files.createDirectory(atPath: root + "/tree/sys/a/b", withIntermediateDirectories: true)
        try files.createDirectory(atPath: root + "/tree/etc", withIntermediateDirectories: true)
        try "inside\n".write(toFile: root + "/tree/etc/secret", atomically: false, encoding: .utf8)
        try "outside\n".write(toFile: root + "/secret", atomically: false, encoding: .utf8)
        func link(_ path: String, _ target: String) throws {
            try files.createSymbolicLink(atPath: root + "/tree" + path, withDestinationPath: target)
        }
        try link("/absolute", "/etc/secret")
        try link("/sys/a/upward", "../../../../../../../etc/secret")
        try link("/sys/outside", root + "/secret")
        try link("/sys/passwd", "/etc/passwd")
        try link("/sys/folder", "/etc")
        try link("/sys/loop", "loop")
        try link("/sys/a/b/driver", "../../../bus/drivers/kmem")
    }

    @Test("what is known of a file is not read again; any other file is")
    func known() throws {
        let tree = PatientTree(root: "/", known: ["/proc/version": [1, 2], "/proc/uptime": nil])
        #expect(try tree.read("/proc/version") == [1, 2])
        #expect(try tree.read("/proc/uptime") == nil)
        #expect(try tree.read("/proc/cmdline") != nil)
    }

    @Test("\"self\" is the process that asks, not the child which does it with a deadline")
    func processItself() throws {
        let bytes = try #require(try PatientTree(root: "/").read("/proc/self/stat"))
        #expect(bytes.starts(with: "\(getpid()) ".utf8))
    }

    @Test("links are resolved inside the root") func insideRoot() throws {
        #expect(try tree.value("/absolute") == "inside")
        #expect(try tree.value("/sys/a/upward") == "inside")
        #expect(try tree.value("/sys/folder/secret") == "inside")
        #expect(tree.realPath("/sys/a/../folder/secret") == "/etc/secret")
        #expect(try tree.value("/../../secret") == nil)
    }

    @Test("no link leads out", arguments: ["/sys/outside", "/sys/passwd", "/sys/loop", "/sys/folder/passwd"])
    func escape(path: String) throws {
        #expect(try tree.read(path) == nil)
        #expect(tree.realPath(path) == nil)
        #expect(!tree.exists(path))
    }

    /// Were a link followed, the machine would be whole.
    @Test(
        "a part of a capture that is a link to another capture is not there: unknown, or an error",
        arguments: ["/sys", "/sys/bus", "/sys/bus/cxl", "/sys/firmware", "/proc", "/proc/iomem", "/proc/modules"]
    )
    func hostile(part: String) throws {
        let whole = try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first")
        let copy = try TestCaptures.copy(whole)
        for target in [whole.path + part, "\(String(repeating: "../", count: 12))\(whole.path.dropFirst())\(part)"] {
            try FileManager.default.removeItem(atPath: copy.path + part)
            try FileManager.default.createSymbolicLink(atPath: copy.path + part, withDestinationPath: target)
            if let error = failure(reading: copy.path) {
                #expect(error.code == .badCapture)
            } else {
                #expect(try !Inspector(root: copy.path).read().material.unrecorded.isEmpty)
            }
        }
    }

    @Test("a dangling link still says where it points") func dangling() {
        #expect(tree.linkName("/sys/a/b/driver") == "kmem")
        #expect(tree.linkName("/sys/a/b/nothing") == nil)
        #expect(tree.linkTarget("/sys/a") == nil)
    }

    @Test("absent and odd files") func odd() throws {
        #expect(try tree.read("/nothing") == nil)
        #expect(try tree.read("/etc/secret/deeper") == nil)
        #expect(try tree.list("/nothing") == nil)
        #expect(try tree.list("/etc") == ["secret"])
        #expect(throws: InspectionError.self) { try tree.read("/etc") }
        // A FIFO must not make the reader wait for a writer.
        let made = unsafe mkfifo(root + "/tree/etc/pipe", 0o600)
        #expect(made == 0)
        #expect(throws: InspectionError.self) { try tree.read("/etc/pipe") }
    }

    @Test("a capture with links to outside is refused as if these were not there") func capture() throws {
        let root = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first"))
        let path = root.url("/sys/firmware/acpi/tables/CEDT").path
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/passwd")
        #expect(failure(reading: root.path)?.message.contains("tables/CEDT is missing") == true)
    }

    @Test("names are ordered as people number things") func order() throws {
        let tree = FakeTree(["/d/x10": "", "/d/x9": "", "/d/x1.10": "", "/d/x1.2": ""])
        #expect(try tree.names(in: "/d", where: { _ in true }) == ["x1.2", "x1.10", "x9", "x10"])
    }

    @Test("the running machine has the root /") func live() {
        #expect(DirectoryTree(root: "/").isLive)
        #expect(DirectoryTree(root: "//").isLive)
        #expect(!DirectoryTree(root: "/tmp").isLive)
        #expect(DirectoryTree(root: "/tmp/").display("/proc/iomem") == "/tmp/proc/iomem")
    }

    @Test("attributes that vanish while they are read are absent, or the machine is to be read again")
    func vanished() throws {
        var tree = FakeTree([
            "/proc/iomem": "5d0000000-6cfffffff : CXL Window 0\n  5d0000000-5efffffff : Soft Reserved\n",
            "/sys/devices/root0/decoder0.0/region0/resource": "0x5d0000000\n",
            "/sys/devices/root0/decoder0.0/region0/size": "0x20000000\n",
            "/sys/devices/root0/decoder0.0/region0/commit": "0\n",
            "/sys/devices/hmem.0/dax0.0/resource": "0x5d0000000\n",
            "/sys/devices/hmem.0/dax0.0/size": "536870912\n",
            "/sys/devices/system/memory/block_size_bytes": "8000000\n",
            "/sys/devices/system/memory/memory186/state": "online\n",
        ])
        tree.links = [
            "/sys/bus/cxl/devices/region0": "/sys/devices/root0/decoder0.0/region0",
            "/sys/bus/dax/devices/dax0.0": "/sys/devices/hmem.0/dax0.0",
            "/sys/bus/dax/devices/dax1.0": "/sys/devices/gone/dax1.0",
            "/sys/bus/platform/devices/hmem.0": "/sys/devices/hmem.0",
        ]
        for (path, text) in FakeTree.rootDecoder { tree[path] = text }
        tree.isLive = true
        let whole = try Inspector(tree: tree, log: FakeLog()).read()
        #expect(whole.regions.map(\.range?.size) == [0x2000_0000])
        #expect(whole.memory.blocks.map(\.number) == [186])
        #expect(whole.daxDevices.map(\.name) == ["dax0.0"])
        for path in tree.files.keys where path.hasPrefix("/sys/devices/") {
            tree.vanished = [path]
            do {
                let machine = try Inspector(tree: tree, log: FakeLog()).read()
                #expect(machine.regions == whole.regions)
            } catch {
                #expect(error.isRetryable, "\(error)")
            }
        }
    }
}
