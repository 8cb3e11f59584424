import Kmod
import Testing

@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct LookupTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    @Test func findsByName() throws {
        let context = try fixture.context()
        let found = try context.lookup("fixture_acpi")
        #expect(found.map(\.name) == ["fixture_acpi"])
        #expect(found.first?.path == "\(fixture.modules)/kernel/fixture_acpi.ko")
        #expect(found.first?.isBuiltin == false)
        #expect(try context.module(named: "fixture-acpi") == found.first)
        let (hasIndex, directory) = (context.hasIndex, context.modulesDirectory)
        #expect(hasIndex)
        #expect(directory == fixture.modules)
    }

    @Test func findsByAlias() throws {
        let context = try fixture.context()
        #expect(try context.lookup("acpi:FIXT0017:").map(\.name) == ["fixture_acpi"])
        #expect(try context.lookup("platform:fixture.0").map(\.name) == ["fixture_hmem"])
    }

    @Test(arguments: ["nosuch", "acpi:NOSUCH:", "symbol:nosuch"])
    func findsNothing(_ name: String) throws {
        let context = try fixture.context()
        let error = KmodError.thrown { try context.lookup(name) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains(name) == true)
        #expect(error?.isRetryable == false)
    }

    @Test func aliasIsNoName() throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.module(named: "nosuch").name }?.code == .notFound)
        #expect(KmodError.thrown { try context.dependencies(of: "nosuch") }?.code == .notFound)
        #expect(KmodError.thrown { try context.module(named: "acpi:FIXT0017:").name }?.code == .notFound)
    }

    @Test(arguments: [
        "", "../fixture_core", "fixture/core", ".", "..", "a\0b", "a b", "\n", String(repeating: "a", count: 256),
    ])
    func refusesWhatIsNoName(_ name: String) throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.module(named: name).name }?.code == .invalidName)
        #expect(KmodError.thrown { try context.state(of: name) }?.code == .invalidName)
        #expect(KmodError.thrown { try context.remove(name) }?.code == .invalidName)
    }

    @Test(arguments: ["", "a\0b", "fixture[", String(repeating: "a", count: 5000)])
    func refusesWhatIsNoAlias(_ alias: String) throws {
        let context = try fixture.context()
        #expect(KmodError.thrown { try context.lookup(alias) }?.code == .invalidName)
    }

    @Test func tellsBuiltin() throws {
        let context = try fixture.recorded()
        #expect(try context.isBuiltin("fixture_builtin"))
        #expect(try context.state(of: "fixture-builtin") == .builtin)
        #expect(try context.lookup("fixture_builtin").first?.isBuiltin == true)
        #expect(try context.module(named: "fixture_builtin").path == nil)
        #expect(try !context.isBuiltin("fixture_core"))
        #expect(try context.state(of: "fixture_core") == .absent)
        #expect(try context.state(of: "nosuch") == .absent)
    }

    @Test func namesAMissingIndex() throws {
        let empty = "\(fixture.root)/empty"
        try fixture.write("", to: "empty/modules.order")
        let context = try KmodContext(modulesDirectory: empty, configurationPaths: [])
        let hasIndex = context.hasIndex
        #expect(!hasIndex)
        #expect(KmodError.thrown { try context.lookup("fixture_core") }?.code == .noIndex)
        #expect(KmodError.thrown { try context.module(named: "fixture_core").name }?.code == .noIndex)
    }

    @Test func worksOnAManyContexts() throws {
        for _ in 0..<50 {
            let context = try fixture.context()
            #expect(try context.dependencies(of: "fixture_acpi").count == 2)
        }
    }
}
