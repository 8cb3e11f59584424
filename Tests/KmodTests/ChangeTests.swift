import Foundation
import Kmod
import LinuxSystem
import Testing

/// Changes that must fail: the fixture's modules are none that a kernel would take.
@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct ChangeTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    /// By the kernel that runs the tests: one without modules, one that doesn't permit it, or one that looks at it.
    static let refusals: [KmodError.Code] = [.unsupported, .notPermitted, .disabled, .rejected]

    @Test func insertionIsRefused() throws {
        let before = try ModuleReader().loadedModules().map(\.name)
        let context = try fixture.context()
        let one = try #require(KmodError.thrown { try context.insertOne("fixture_core") })
        #expect(Self.refusals.contains(one.code), "\(one)")
        #expect(one.cause != nil)
        let all = try #require(KmodError.thrown { try context.insertWithDependencies("fixture_acpi") })
        #expect(Self.refusals.contains(all.code), "\(all)")
        let probed = try #require(KmodError.thrown { try context.probe("fixture_port") })
        #expect(Self.refusals.contains(probed.code), "\(probed)")
        #expect(try context.state(of: "fixture_core") == .absent)
        #expect(try ModuleReader().loadedModules().map(\.name) == before)
    }

    @Test func insertionNeedsAModule() throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.insertOne("nosuch") }?.code == .notFound)
        #expect(KmodError.thrown { try context.insertWithDependencies("nosuch") }?.code == .notFound)
        #expect(KmodError.thrown { try context.probe("nosuch") }?.code == .notFound)
        try FileManager.default.removeItem(atPath: "\(fixture.modules)/kernel/fixture_core.ko")
        let error = KmodError.thrown { try context.insertOne("fixture_core") }
        #expect(error?.code == .notFound)
        #expect(error?.cause?.name == "ENOENT")
    }

    @Test func builtinIsThere() throws {
        let context = try fixture.context()
        #expect(try context.insertOne("fixture_builtin") == .builtin)
        #expect(try context.insertWithDependencies("fixture_builtin").inserted.isEmpty)
        #expect(
            try context.probe("fixture_builtin").modules == [ProbedModule(name: "fixture_builtin", outcome: .builtin)]
        )
        #expect(KmodError.thrown { try context.remove("fixture_builtin") }?.code == .builtin)
    }

    @Test func removalNeedsALoadedModule() throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.remove("fixture_core") }?.code == .notLoaded)
        #expect(KmodError.thrown { try context.remove("nosuch") }?.code == .notLoaded)
    }

    @Test func aRecordedMachineIsNeverChanged() throws {
        try fixture.write("live\n", to: "sys/module/fixture_core/initstate")
        let context = try fixture.recorded()
        #expect(KmodError.thrown { try context.insertOne("fixture_core") }?.code == .recordedRoot)
        #expect(KmodError.thrown { try context.insertWithDependencies("fixture_core") }?.code == .recordedRoot)
        #expect(KmodError.thrown { try context.probe("fixture_core") }?.code == .recordedRoot)
        #expect(KmodError.thrown { try context.remove("fixture_core") }?.code == .recordedRoot)
    }
}
