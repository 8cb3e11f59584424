import Foundation
import LinuxSystem
import Machine
import Persistence
import TestCaptures
import Testing

@Suite("The files for the next boot, written")
struct PersistingTests {
    private let root = TestCaptures.newDirectory()
    private let modprobe = "/etc/modprobe.d/01-daxswitch.conf"
    private var system: BootSystem { BootSystem(root: root) }

    private func carryOut(_ choice: BootChoice?, builder: InitramfsBuilder? = nil) throws {
        let plan = try BootPlan(choice: choice, builder: builder, present: try system.present())
        try Persisting(on: system).carryOut(plan, rebuildingBy: nil)
    }

    private func files() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root).filter { path in
            let kind = try FileManager.default.attributesOfItem(atPath: "\(root)/\(path)")[.type] as? FileAttributeType
            return kind == .typeRegular
        }.sorted()
    }

    @Test("written, changed to the other choice, and taken away without a trace")
    func roundTrip() throws {
        try carryOut(.hmem, builder: .dracut)
        #expect(try files() == ["etc/dracut.conf.d/01-daxswitch.conf", "etc/modprobe.d/01-daxswitch.conf"])
        #expect(try system.present()[modprobe]?.contains("install cxl_acpi") == true)
        try carryOut(.cxl)
        #expect(try files() == ["etc/modprobe.d/01-daxswitch.conf"])
        try carryOut(nil)
        #expect(try files().isEmpty)
    }

    @Test("files of others stay as they are")
    func others() throws {
        try carryOut(.hmem)
        let other = "\(root)/etc/modprobe.d/cxl.conf"
        try "options cxl_mem debug=1\n".write(toFile: other, atomically: true, encoding: .utf8)
        try carryOut(nil)
        #expect(try files() == ["etc/modprobe.d/cxl.conf"])
    }

    @Test("a write that fails leaves everything as it was")
    func failures() throws {
        try carryOut(.cxl)
        let before = try system.present()
        try FileManager.default.createDirectory(
            atPath: "\(root)/etc/dracut.conf.d/01-daxswitch.conf.new",
            withIntermediateDirectories: true
        )
        let plan = try BootPlan(choice: .hmem, builder: .dracut, present: before)
        #expect(throws: (any Error).self) { try Persisting(on: system).carryOut(plan, rebuildingBy: nil) }
        #expect(try system.present() == before)
    }
}
