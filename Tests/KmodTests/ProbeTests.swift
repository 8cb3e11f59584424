import Foundation
import Testing

@testable import Kmod

@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct ProbeTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    private var trace: String { "\(fixture.root)/ran" }

    private func install(_ module: String) throws {
        try fixture.write("install \(module) /bin/touch \(trace)\n", to: "etc/modprobe.d/00-test.conf")
    }

    @Test func refusesTheModulesOwnCommand() throws {
        try install("fixture_core")
        let context = try fixture.context()
        let error = KmodError.thrown { try context.probe("fixture_core") }
        #expect(error?.code == .installCommand("/bin/touch \(trace)"))
        #expect(error?.message.contains("/bin/touch \(trace)") == true)
        #expect(!FileManager.default.fileExists(atPath: trace))
    }

    /// Before anything is loaded: the kernel isn't even asked about the other modules.
    @Test func refusesADependencysCommand() throws {
        try install("fixture_port")
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.probe("fixture_acpi") }?.code == .installCommand("/bin/touch \(trace)"))
        #expect(!FileManager.default.fileExists(atPath: trace))
    }

    /// A softdep whose command is refused is a softdep that failed, and libkmod goes on to the module itself, which the
    /// kernel turns down. Nothing else fails before: all the others are wanted by softdeps only.
    @Test func refusesASoftdepsCommand() throws {
        try install("fixture_extra")
        let context = try fixture.context()
        let error = try #require(KmodError.thrown { try context.probe("fixture_hmem") })
        #expect(ChangeTests.refusals.contains(error.code), "\(error)")
        #expect(!FileManager.default.fileExists(atPath: trace))
    }

    @Test func theBlacklistCountsForAliases() throws {
        try fixture.write("blacklist fixture_acpi\n", to: "etc/modprobe.d/test.conf")
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.probe("acpi:FIXT0017:") } == nil)
        let byName = try #require(KmodError.thrown { try context.probe("fixture_acpi") })
        #expect(ChangeTests.refusals.contains(byName.code), "\(byName)")
    }
}
