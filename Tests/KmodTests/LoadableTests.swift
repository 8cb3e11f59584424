import Foundation
import Glibc
import Kmod
import LinuxSystem
import Testing

@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct LoadableTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    private func files(_ name: String, without removed: Set<String> = []) throws -> KmodError? {
        let context = try fixture.recorded()
        return KmodError.thrown { try context.checkFiles(of: name, without: removed) }
    }

    private func commands(_ name: String, passing: [InstallCommand] = []) throws -> KmodError? {
        let context = try fixture.recorded()
        return KmodError.thrown { try context.checkCommands(of: name, without: [], passing: passing) }
    }

    private func path(_ module: String) -> String { "\(fixture.modules)/kernel/\(module).ko" }

    @Test func allIsThere() throws {
        #expect(try files("fixture_acpi") == nil)
        #expect(try commands("fixture_acpi") == nil)
    }

    /// depmod has run, and then the package went.
    @Test(arguments: ["fixture_acpi", "fixture_core"])
    func aFileIsGone(module: String) throws {
        try FileManager.default.removeItem(atPath: path(module))
        let error = try files("fixture_acpi")
        #expect(error?.code == .unreadable && error?.message.contains(path(module)) == true)
        #expect(error?.cause?.number == ENOENT)
    }

    @Test func aFileIsEmpty() throws {
        try Data().write(to: URL(fileURLWithPath: path("fixture_port")))
        #expect(try files("fixture_acpi")?.code == .unreadable)
    }

    /// A softdep is tried, and modprobe goes on without it.
    @Test func aSoftdepIsGone() throws {
        try FileManager.default.removeItem(atPath: path("fixture_extra"))
        #expect(try files("fixture_acpi") == nil)
    }

    @Test func theIndexIsGone() throws {
        try FileManager.default.removeItem(atPath: fixture.modules)
        #expect(try files("fixture_acpi")?.code == .noIndex)
    }

    /// An initramfs may carry the binary indexes alone.
    @Test func theListIsGone() throws {
        try FileManager.default.removeItem(atPath: "\(fixture.modules)/modules.dep")
        #expect(try files("fixture_acpi") == nil)
        try Data().write(to: URL(fileURLWithPath: path("fixture_core")))
        #expect(try files("fixture_acpi")?.code == .unreadable)
    }

    /// What is in needs no file, unless it is removed meanwhile.
    @Test(arguments: [[], ["fixture_core"]])
    func whatIsInIsNotLoaded(removed: Set<String>) throws {
        try fixture.write("live\n", to: "sys/module/fixture_core/initstate")
        try fixture.write("fixture_core 4096 0 - Live 0x0000000000000000\n", to: "proc/modules")
        try FileManager.default.removeItem(atPath: path("fixture_core"))
        #expect(try (files("fixture_acpi", without: removed) == nil) == removed.isEmpty)
    }

    @Test(arguments: ["fixture_core", "fixture_port"])
    func aCommandStandsInTheWay(module: String) throws {
        try fixture.write("install \(module) /bin/false\n", to: "etc/modprobe.d/00-test.conf")
        #expect(try commands("fixture_port")?.code == .installCommand("/bin/false"))
        #expect(try commands("fixture_port", passing: [InstallCommand(module: module, command: "/bin/false")]) == nil)
        #expect(
            try commands("fixture_port", passing: [InstallCommand(module: module, command: "/bin/true")])?.code
                == .installCommand("/bin/false")
        )
    }

    /// A softdep whose command is refused is passed over.
    @Test func aSoftdepsCommandDoesNot() throws {
        try fixture.write("install fixture_extra /bin/false\n", to: "etc/modprobe.d/00-test.conf")
        #expect(try commands("fixture_acpi") == nil)
    }
}
