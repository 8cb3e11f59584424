import Foundation
import Kmod
import Synchronization
import Testing

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
            softdep fixture_core post: fixture_extra
            options fixture_core depth=3
            install fixture_virtual /bin/true

            """,
            to: "etc/modprobe.d/test.conf"
        )
        let context = try fixture.context()
        #expect(try context.lookup("fixture_nickname").map(\.name) == ["fixture_hmem"])
        #expect(try context.softDependencies(of: "fixture_core").post.map(\.name) == ["fixture_extra"])
        #expect(try context.module(named: "fixture_core").options == "depth=3")
        #expect(try context.lookup("fixture_virtual").first?.installCommand == "/bin/true")
    }

    /// `modules.softdep` is one of the files, in the order of their names.
    @Test(arguments: [("00-first.conf", 0), ("zz-last.conf", 1)])
    func firstSoftdepLineWins(_ name: String, _ count: Int) throws {
        try fixture.write("softdep fixture_acpi pre:\n", to: "etc/modprobe.d/\(name)")
        let context = try fixture.context()
        #expect(try context.softDependencies(of: "fixture_acpi").pre.count == count)
    }

    @Test func aliasOffHidesAModule() throws {
        try fixture.write("alias fixture_acpi off\n", to: "etc/modprobe.d/test.conf")
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.lookup("fixture_acpi") }?.code == .notFound)
        #expect(KmodError.thrown { try context.probe("fixture_acpi") }?.code == .notFound)
        #expect(try context.module(named: "fixture_acpi").path != nil)
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
        #expect(try none.module(named: name).options == nil)
        #expect(try own.module(named: name).options == nil)
        #expect(try hosts.module(named: name).options != nil)
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

    @Test func libkmodsLogComesAsText() throws {
        let collected = Collected()
        let context = try fixture.context(log: { collected.add($0) })
        _ = try? context.insertOne("fixture_core")
        let line = collected.lines.first { $0.text.contains("fixture_core") }
        #expect(line?.priority == 6)
        #expect(line?.text.contains("Failed to insert module '\(fixture.modules)/kernel/fixture_core.ko'") == true)
        #expect(line?.text.hasSuffix("\n") == false)
    }
}

/// Lines from a callback that may come from anywhere.
final class Collected: Sendable {
    private let storage = Mutex<[KmodLogLine]>([])
    var lines: [KmodLogLine] { storage.withLock { $0 } }
    func add(_ line: KmodLogLine) { storage.withLock { $0.append(line) } }
}
