import Foundation
import Glibc
import LinuxSystem
import Testing

@testable import Kmod

@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct LoadCheckTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    private func files(_ name: String, besides present: Set<String> = []) throws -> KmodError? {
        let context = try fixture.context()
        return KmodError.thrown { try context.checkFiles(of: name, besides: present) }
    }

    private func commands(
        _ name: String,
        besides present: Set<String> = [],
        passing: [InstallCommand] = []
    ) throws -> KmodError? {
        let context = try fixture.context()
        return KmodError.thrown { try context.checkCommands(of: name, besides: present, passing: passing) }
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

    @Test func whatIsInIsNotLoaded() throws {
        try FileManager.default.removeItem(atPath: path("fixture_core"))
        #expect(try files("fixture_acpi", besides: ["fixture_port"])?.code == .unreadable)
        #expect(try files("fixture_acpi", besides: ["fixture_core"]) == nil)
    }

    @Test func theCommandOfWhatIsInDoesNot() throws {
        try fixture.write("install fixture_core /bin/false\n", to: "etc/modprobe.d/00-test.conf")
        #expect(try commands("fixture_port", besides: ["fixture_core"]) == nil)
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

    /// libkmod ignores the command of a module that has softdeps. Of its softdep lines the first one counts, in the order
    /// of the files' names, `modules.softdep` among them: an empty line before that one makes the command count again.
    @Test(arguments: [
        ("", "00-test", false), ("softdep fixture_acpi pre:", "00-test", true),
        ("softdep fixture_acpi pre:", "zz-test", false),
    ])
    func softdepsHideTheCommand(_ line: String, _ file: String, _ isCommand: Bool) throws {
        try fixture.write("install fixture_acpi /bin/false\n\(line)\n", to: "etc/modprobe.d/\(file).conf")
        #expect(try commands("fixture_acpi")?.code == (isCommand ? .installCommand("/bin/false") : nil))
    }
}
