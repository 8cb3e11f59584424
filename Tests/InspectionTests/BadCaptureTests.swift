import Foundation
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

/// Captures that are incomplete, damaged or contradict themselves.
@Suite struct BadCaptureTests {
    private func copy() throws -> CaptureRoot {
        try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first"))
    }

    private func refusal(_ root: CaptureRoot, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let error = try #require(failure(reading: root.path), sourceLocation: sourceLocation)
        #expect(error.code == .badCapture && error.exitCode == 65 && !error.isRetryable, sourceLocation: sourceLocation)
        return error.message
    }

    @Test("a directory that is not one, or empty") func noCapture() throws {
        #expect(failure(reading: "/does/not/exist")?.code == .badCapture)
        let error = try #require(failure(reading: TestCaptures.newDirectory()))
        #expect(error.code == .badCapture)
        #expect(error.message.contains("not a capture"))
    }

    @Test(
        "iomem must be there; a capture with devices must be whole; of others, what is not there is unknown, and named"
    )
    func missing() throws {
        let root = try copy()
        let lost: [(String, Set<MaterialReport.Part>)] = [
            ("/sys", [.moduleSettings, .daxDevices, .cxlDevices, .memoryBlocks, .firmwareMap, .acpiTables]),
            ("/proc/modules", [.modules]), ("/proc/sys/kernel/osrelease", [.kernelRelease]),
        ]
        for (path, parts) in lost {
            let torn = try copy()
            try FileManager.default.removeItem(at: torn.url(path))
            if path != "/sys" { #expect(try refusal(torn).contains(path)) }
            try FileManager.default.removeItem(at: root.url(path))
            #expect(try Inspector(root: root.path).read().material.unrecorded.isSuperset(of: parts), "\(path)")
        }
        try FileManager.default.removeItem(at: root.url("/proc/iomem"))
        #expect(try refusal(root).contains("not a capture"))
    }

    @Test("zeroed addresses") func zeroed() throws {
        let root = try copy()
        try "00000000-00000000 : Reserved\n  00000000-00000000 : System RAM\n"
            .write(to: root.url("/proc/iomem"), atomically: true, encoding: .utf8)
        #expect(try refusal(root).contains("CAP_SYS_ADMIN"))
        var live = FakeTree(["/proc/iomem": "00000000-00000000 : Reserved\n"])
        live.isLive = true
        #expect(failure(live)?.code == .notPermitted)
        #expect(failure(live)?.exitCode == 77)
    }

    @Test("a truncated and a binary iomem, with the line") func damaged() throws {
        let root = try copy()
        let whole = try Data(contentsOf: root.url("/proc/iomem"))
        try whole.dropLast(3).write(to: root.url("/proc/iomem"))
        #expect(try refusal(root).contains("/proc/iomem:"))
        try Data([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]).write(to: root.url("/proc/iomem"))
        #expect(try refusal(root).contains("/proc/iomem:1"))
        try Data().write(to: root.url("/proc/iomem"))
        #expect(try refusal(root).contains("empty"))
    }

    @Test("a region in no window names both facts") func regionOutside() throws {
        let root = try copy()
        for (name, start) in [("resource", "0xf00000000\n")] {
            try start.write(to: root.url("/sys/bus/cxl/devices/region0/\(name)"), atomically: false, encoding: .utf8)
        }
        let message = try refusal(root)
        #expect(
            message.contains("region0") && message.contains("0xf00000000")
                && message.contains("0x5d0000000-0x6cfffffff")
        )
    }

    @Test("a region line outside the window lines is odd; with a region in sysfs it is a contradiction")
    func regionLine() throws {
        var tree = FakeTree(["/proc/iomem": "5d0000000-5efffffff : region0\n  5d0000000-5efffffff : Soft Reserved\n"])
        let odd = try Inspector(tree: tree, log: FakeLog()).read().material.oddities
        #expect(odd.count == 1 && odd[0].contains("region0") && odd[0].contains("CXL Window"))
        for (path, text) in FakeTree.region(0, "0x5d0000000", "0x20000000") { tree[path] = text }
        #expect(failure(tree)?.code == .badCapture)
    }

    @Test("a region larger than its root decoder") func regionOutsideDecoder() throws {
        let root = try copy()
        try "0x10000000\n".write(
            to: root.url("/sys/bus/cxl/devices/decoder0.0/size"),
            atomically: false,
            encoding: .utf8
        )
        #expect(try refusal(root).contains("decoder0.0"))
    }

    @Test("a dax device beyond its region, and one without a region") func daxOutside() throws {
        let root = try copy()
        let mapping = "/sys/bus/dax/devices/dax0.0/mapping0/end"
        try "0x60fffffff\n".write(to: root.url(mapping), atomically: false, encoding: .utf8)
        #expect(try refusal(root).contains("dax0.0"))
        let other = try copy()
        try "0xffffffffffffffff\n"
            .write(to: other.url("/sys/bus/cxl/devices/region0/resource"), atomically: false, encoding: .utf8)
        #expect(try refusal(other).contains("region0 has no address"))
        let third = try copy()
        try FileManager.default.removeItem(at: third.url("/sys/bus/cxl/devices/region0"))
        #expect(try refusal(third).contains("no such region"))
    }

    @Test("attributes that are no numbers") func nonsense() throws {
        let root = try copy()
        try "many\n".write(to: root.url("/sys/bus/cxl/devices/region0/size"), atomically: false, encoding: .utf8)
        #expect(try refusal(root).contains("\"many\""))
    }

    @Test("a line of /proc/modules that is not one") func modules() throws {
        let tree = FakeTree(["/proc/modules": "dax_hmem 20480 0 - Live 0x0\ndax_cxl 12288 0\n"])
        #expect(failure(tree)?.message.contains("/proc/modules:2") == true)
    }

    @Test("a running machine that contradicts itself is to be tried again") func unstable() throws {
        var tree = FakeTree(["/proc/iomem": "5d0000000-5efffffff : region0\n"])
        tree.isLive = true
        #expect(failure(tree) == nil, "a resource of some other driver that is called so")
        tree["/sys/bus/cxl/devices/region0/resource"] = "0x5d0000000\n"
        tree["/sys/bus/cxl/devices/region0/size"] = "0x20000000\n"
        let error = try #require(failure(tree))
        #expect(error.code == .unstable && error.isRetryable && error.exitCode == 75)
    }
}
