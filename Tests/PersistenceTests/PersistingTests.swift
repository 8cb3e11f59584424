import Foundation
import Machine
import Persistence
import TestCaptures
import Testing

@Suite("The files for the next boot, written")
struct PersistingTests {
    private let root = TestCaptures.newDirectory()
    private let modprobe = "/etc/modprobe.d/01-daxswitch.conf"
    private var system: RunningSystem { RunningSystem(root: root) }

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

    @Test("a write that fails, and a rebuild that fails, leave everything as it was")
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

        let failing = FailingRebuild(system: system)
        let other = try BootPlan(choice: .hmem, builder: nil, present: before)
        let error = #expect(throws: PersistenceError.self) {
            try Persisting(on: failing).carryOut(other, rebuildingBy: .initramfsTools)
        }
        #expect(error?.code == .notRebuilt)
        #expect(try system.present() == before)
    }

    @Test("an initramfs older than the configuration is stale, a newer one is not")
    func stale() throws {
        try FileManager.default.createDirectory(atPath: "\(root)/boot", withIntermediateDirectories: true)
        let image = "\(root)/boot/initrd.img-6.12.107"
        try Data().write(to: URL(fileURLWithPath: image))
        #expect(!system.isInitramfsStale)
        try carryOut(.hmem)
        try FileManager.default.setAttributes([.modificationDate: Date.now - 60], ofItemAtPath: image)
        #expect(system.isInitramfsStale)
        try FileManager.default.setAttributes([.modificationDate: Date.now + 60], ofItemAtPath: image)
        #expect(!system.isInitramfsStale)
    }
}

/// A system whose initramfs can't be made.
private struct FailingRebuild: BootSystem {
    let system: RunningSystem
    var kind: SystemKind { system.kind }
    var builder: InitramfsBuilder? { .initramfsTools }
    var isInitramfsStale: Bool { true }
    func present() throws -> [String: String] { try system.present() }
    func write(_ text: String, to path: String) throws { try system.write(text, to: path) }
    func remove(_ path: String) throws { try system.remove(path) }
    func rebuild(_ builder: InitramfsBuilder) throws { throw PersistenceError(.notRebuilt, "the disk is full") }
}
