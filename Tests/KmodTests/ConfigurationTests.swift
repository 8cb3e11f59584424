import Foundation
import Testing

@testable import Kmod

@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct ConfigurationTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    @Test func ownPathsAreRead() throws {
        try fixture.write(
            """
            alias fixture_nickname fixture_hmem
            options fixture_core depth=3
            install fixture_virtual /bin/true

            """,
            to: "etc/modprobe.d/test.conf"
        )
        let context = try fixture.context()
        #expect(try context.names(of: "fixture_nickname") == ["fixture_hmem"])
        #expect(try context.options(of: "fixture_core") == "depth=3")
        #expect(try context.names(of: "fixture_virtual") == ["fixture_virtual"])
    }

    @Test func aliasOffHidesAModule() throws {
        try fixture.write("alias fixture_acpi off\n", to: "etc/modprobe.d/test.conf")
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.names(of: "fixture_acpi") }?.code == .notFound)
        #expect(KmodError.thrown { try context.probe("fixture_acpi") }?.code == .notFound)
        #expect(try context.path(of: "fixture_acpi") != nil)
    }

    /// systemd's package has `options dummy numdummies=0` on most hosts.
    @Test(.enabled(if: moduleWithOptionsOnThisHost() != nil, "this host gives no module an option"))
    func theHostsConfigurationIsReadOnlyWhenAskedFor() throws {
        let name = try #require(Self.moduleWithOptionsOnThisHost())
        let fixture = try Fixture([FixtureModule(name: name)])
        try fixture.write("options fixture_other a=1\n", to: "etc/modprobe.d/test.conf")
        let none = try KmodContext(modulesDirectory: fixture.modules, configurationPaths: [])
        let own = try fixture.context()
        let hosts = try KmodContext(modulesDirectory: fixture.modules)
        #expect(try none.options(of: name) == nil)
        #expect(try own.options(of: name) == nil)
        #expect(try hosts.options(of: name) != nil)
    }

    private static func moduleWithOptionsOnThisHost() -> String? {
        for directory in ["/etc/modprobe.d", "/lib/modprobe.d"] {
            for file in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
                guard file.hasSuffix(".conf"),
                    let text = try? String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8)
                else { continue }
                for line in text.split(separator: "\n") {
                    let words = line.split(separator: " ")
                    if words.count > 2, words[0] == "options" { return String(words[1]) }
                }
            }
        }
        return nil
    }
}
