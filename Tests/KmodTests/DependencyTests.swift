import Foundation
import Kmod
import Testing

@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct DependencyTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    @Test func listsDependenciesInTheOrderOfInsertion() throws {
        let context = try fixture.recorded()
        #expect(try context.dependencies(of: "fixture_acpi").map(\.name) == ["fixture_core", "fixture_port"])
        #expect(try context.dependencies(of: "fixture_core").isEmpty)
        #expect(try context.insertionOrder(of: "fixture_acpi") == ["fixture_core", "fixture_port", "fixture_acpi"])
    }

    @Test func leavesOutWhatIsThere() throws {
        try fixture.write("live\n", to: "sys/module/fixture_core/initstate")
        try fixture.write("coming\n", to: "sys/module/fixture_port/initstate")
        let context = try fixture.recorded()
        #expect(try context.insertionOrder(of: "fixture_acpi") == ["fixture_port", "fixture_acpi"])
        #expect(try context.insertionOrder(of: "fixture_core").isEmpty)
        #expect(try context.insertionOrder(of: "fixture_builtin").isEmpty)
    }

    @Test func readsSoftDependencies() throws {
        let context = try fixture.context()
        #expect(try context.softDependencies(of: "fixture_acpi").pre.map(\.name) == ["fixture_extra"])
        #expect(try context.softDependencies(of: "fixture_hmem").pre.map(\.name) == ["fixture_acpi"])
        let none = try context.softDependencies(of: "fixture_core")
        #expect(none.pre.isEmpty && none.post.isEmpty)
    }

    @Test func readsModinfo() throws {
        let context = try fixture.context()
        let fields = try context.information(of: "fixture_acpi")
        #expect(fields.contains(ModuleField(key: "name", value: "fixture_acpi")))
        #expect(fields.contains(ModuleField(key: "softdep", value: "pre: fixture_extra")))
        #expect(fields.contains(ModuleField(key: "alias", value: "acpi*:FIXT0017:*")))
    }

    @Test func readsSymbols() throws {
        let context = try fixture.context()
        #expect(
            try context.symbols(of: "fixture_core") == [
                ModuleSymbol(name: "fixture_bus", crc: 0x1234_5678, binding: nil)
            ]
        )
        #expect(
            try context.dependencySymbols(of: "fixture_port")
                == [ModuleSymbol(name: "fixture_bus", crc: 0x1234_5678, binding: .undefined)]
        )
        #expect(KmodError.thrown { try context.dependencySymbols(of: "nosuch") }?.code == .notFound)
    }

    @Test func survivesModulesCutShort() throws {
        let elf = FixtureModule(name: "fixture_port", needs: ["fixture_bus": 1]).elf
        for length in stride(from: 0, to: elf.count, by: 7) {
            try fixture.write(Data(elf[..<length]), to: "lib/modules/\(Fixture.release)/kernel/fixture_port.ko")
            let context = try fixture.context()
            // No matter what it answers: it comes back.
            _ = try? context.information(of: "fixture_port")
            _ = try? context.dependencySymbols(of: "fixture_port")
            _ = try? context.symbols(of: "fixture_port")
        }
    }
}
