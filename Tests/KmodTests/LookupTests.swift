import Testing

@testable import Kmod

@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct LookupTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    @Test func findsByName() throws {
        let context = try fixture.context()
        #expect(try context.names(of: "fixture_acpi") == ["fixture_acpi"])
        #expect(try context.path(of: "fixture_acpi") == "\(fixture.modules)/kernel/fixture_acpi.ko")
        #expect(try context.path(of: "fixture-acpi") == context.path(of: "fixture_acpi"))
        let (hasIndex, directory) = (context.hasIndex, context.modulesDirectory)
        #expect(hasIndex)
        #expect(directory == fixture.modules)
    }

    @Test func findsByAlias() throws {
        let context = try fixture.context()
        #expect(try context.names(of: "acpi:FIXT0017:") == ["fixture_acpi"])
        #expect(try context.names(of: "platform:fixture.0") == ["fixture_hmem"])
    }

    @Test(arguments: ["nosuch", "acpi:NOSUCH:", "symbol:nosuch"])
    func findsNothing(_ name: String) throws {
        let context = try fixture.context()
        let error = KmodError.thrown { try context.names(of: name) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains(name) == true)
    }

    @Test func aliasIsNoName() throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.path(of: "nosuch") }?.code == .notFound)
        #expect(KmodError.thrown { try context.dependencies(of: "nosuch") }?.code == .notFound)
        #expect(KmodError.thrown { try context.path(of: "acpi:FIXT0017:") }?.code == .notFound)
    }

    @Test(arguments: [
        "", "../fixture_core", "fixture/core", ".", "..", "a\0b", "a b", "\n", String(repeating: "a", count: 256),
    ])
    func refusesWhatIsNoName(_ name: String) throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.path(of: name) }?.code == .invalidName)
        #expect(KmodError.thrown { try context.state(of: name) }?.code == .invalidName)
        #expect(KmodError.thrown { try context.remove(name) }?.code == .invalidName)
    }

    @Test(arguments: ["", "a\0b", "fixture[", String(repeating: "a", count: 5000)])
    func refusesWhatIsNoAlias(_ alias: String) throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.names(of: alias) }?.code == .invalidName)
    }

    @Test func tellsBuiltin() throws {
        let context = try fixture.context()
        #expect(try context.state(of: "fixture-builtin") == .builtin)
        #expect(try context.names(of: "fixture_builtin") == ["fixture_builtin"])
        #expect(try context.path(of: "fixture_builtin") == nil)
        #expect(try context.state(of: "fixture_core") == .absent)
        #expect(try context.state(of: "nosuch") == .absent)
    }

    @Test func listsDependenciesInTheOrderOfInsertion() throws {
        let context = try fixture.context()
        #expect(try context.dependencies(of: "fixture_acpi") == ["fixture_core", "fixture_port"])
        #expect(try context.dependencies(of: "fixture_core").isEmpty)
    }

    @Test func namesAMissingIndex() throws {
        let empty = "\(fixture.root)/empty"
        try fixture.write("", to: "empty/modules.order")
        let context = try KmodContext(modulesDirectory: empty, configurationPaths: [])
        let hasIndex = context.hasIndex
        #expect(!hasIndex)
        #expect(KmodError.thrown { try context.names(of: "fixture_core") }?.code == .noIndex)
        #expect(KmodError.thrown { try context.path(of: "fixture_core") }?.code == .noIndex)
    }

    @Test func worksInManyContexts() throws {
        for _ in 0..<50 {
            let context = try fixture.context()
            #expect(try context.dependencies(of: "fixture_acpi").count == 2)
        }
    }
}
