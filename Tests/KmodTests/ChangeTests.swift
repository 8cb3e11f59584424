import Foundation
import LinuxSystem
import Testing

@testable import Kmod

/// Changes that must fail: no kernel would take the fixture's modules.
@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct ChangeTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    /// By the kernel that runs the tests: one without modules, one that doesn't permit it, or one that looks at it.
    static let refusals: [KmodError.Code] = [.unsupported, .notPermitted, .disabled, .rejected]

    @Test func insertionIsRefused() throws {
        let context = try fixture.context()
        let one = try #require(KmodError.thrown { try context.insertWithDependencies("fixture_core") })
        #expect(Self.refusals.contains(one.code), "\(one)")
        #expect(one.cause != nil)
        let all = try #require(KmodError.thrown { try context.insertWithDependencies("fixture_acpi") })
        #expect(Self.refusals.contains(all.code), "\(all)")
        #expect(all.message.contains("fixture_core") || all.code == .unsupported || all.code == .disabled)
        let probed = try #require(KmodError.thrown { try context.probe("fixture_port") })
        #expect(Self.refusals.contains(probed.code), "\(probed)")
        #expect(try context.state(of: "fixture_core") == .absent)
    }

    @Test func insertionNeedsAModule() throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.insertWithDependencies("nosuch") }?.code == .notFound)
        #expect(KmodError.thrown { try context.probe("nosuch") }?.code == .notFound)
        try FileManager.default.removeItem(atPath: "\(fixture.modules)/kernel/fixture_core.ko")
        let error = KmodError.thrown { try context.insertWithDependencies("fixture_core") }
        #expect(error?.code == .notFound)
        #expect(error?.cause?.name == "ENOENT")
    }

    @Test func insertionAsksForNoCommand() throws {
        let trace = "\(fixture.root)/ran"
        try fixture.write("install fixture_core /bin/touch \(trace)\n", to: "etc/modprobe.d/00-test.conf")
        let error = try #require(
            KmodError.thrown { try fixture.context().insertWithDependencies("fixture_core") }
        )
        #expect(Self.refusals.contains(error.code), "\(error)")
        #expect(!FileManager.default.fileExists(atPath: trace))
    }

    @Test func builtinIsThere() throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.insertWithDependencies("fixture_builtin") } == nil)
        #expect(KmodError.thrown { try context.probe("fixture_builtin") } == nil)
        #expect(KmodError.thrown { try context.remove("fixture_builtin") }?.code == .builtin)
    }

    @Test func removalNeedsALoadedModule() throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.remove("fixture_core") }?.code == .notLoaded)
        #expect(KmodError.thrown { try context.remove("nosuch") }?.code == .notLoaded)
    }
}
