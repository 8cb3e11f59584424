import Kmod
import Testing

@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct ModuleReaderTests {
    let fixture: Fixture
    let reader: ModuleReader

    init() throws {
        fixture = try Fixture()
        reader = ModuleReader(root: fixture.root + "/")
        try fixture.write(
            """
            dax_cxl 16384 0 - Loading 0x0000000000000000 (+)
            dax_hmem 20480 1 dax_cxl, Live 0xffffffffc0a10000
            going_one 4096 -1 - Unloading 0xffffffffc0a00000 (-)
            stuck 4096 1 [permanent],cxl_acpi,cxl_port, Live 0xffffffffc0900000 (OE)
            plain 4096 - - Live 0xffffffffc0800000

            """,
            to: "proc/modules"
        )
    }

    @Test func readsSysfs() throws {
        try fixture.write("live\n", to: "sys/module/dax_hmem/initstate")
        try fixture.write("2\n", to: "sys/module/dax_hmem/refcnt")
        try fixture.write("", to: "sys/module/dax_hmem/holders/dax_cxl/x")
        try fixture.write("", to: "sys/module/dax_hmem/holders/another/x")
        #expect(try reader.state(of: "dax-hmem") == .live)
        #expect(try reader.referenceCount(of: "dax_hmem") == 2)
        #expect(try reader.holders(of: "dax_hmem") == ["another", "dax_cxl"])
    }

    @Test(arguments: [("live", ModuleState.live), ("coming", .coming), ("going", .going)])
    func readsInitstate(_ word: String, _ state: ModuleState) throws {
        try fixture.write(word + "\n", to: "sys/module/one/initstate")
        #expect(try reader.state(of: "one") == state)
    }

    @Test func fallsBackOnProcModules() throws {
        #expect(try reader.state(of: "dax_cxl") == .coming)
        #expect(try reader.state(of: "going_one") == .going)
        #expect(try reader.reading(of: "dax_hmem").holders == ["dax_cxl"])
        #expect(try reader.referenceCount(of: "plain") == nil)
    }

    @Test func tellsABuiltinFromOneBeingLoaded() throws {
        try fixture.write("1\n", to: "sys/module/cxl_core/parameters/depth")
        try fixture.write("", to: "sys/module/dax_cxl/uevent")
        #expect(try reader.state(of: "cxl_core") == .builtin)
        #expect(try reader.state(of: "dax_cxl") == .coming)
        #expect(try reader.state(of: "nosuch") == .absent)
    }

    @Test func readsEveryLine() throws {
        let modules = try reader.loadedModules()
        #expect(modules.map(\.name) == ["dax_cxl", "dax_hmem", "going_one", "stuck", "plain"])
        #expect(modules.map(\.state) == [.coming, .live, .going, .live, .live])
        #expect(modules.map(\.references) == [0, 1, -1, 1, nil])
        #expect(modules.map(\.isPermanent) == [false, false, false, true, false])
        #expect(modules[3].holders == ["cxl_acpi", "cxl_port"])
    }

    @Test(arguments: ["garbage\n", "name 1 0 - Sleeping 0x0\n"])
    func refusesUnknownLines(_ text: String) throws {
        try fixture.write(text, to: "proc/modules")
        #expect(KmodError.thrown { try reader.loadedModules() }?.code == .unreadable)
    }

    @Test func refusesUnknownStates() throws {
        try fixture.write("asleep\n", to: "sys/module/one/initstate")
        #expect(KmodError.thrown { try reader.state(of: "one") }?.code == .unreadable)
    }

    @Test func readsAnEmptyRoot() throws {
        let reader = ModuleReader(root: fixture.root + "/nowhere")
        #expect(try reader.loadedModules().isEmpty)
        #expect(try reader.state(of: "dax_hmem") == .absent)
        #expect(try !reader.modulesDisabled())
    }

    @Test func knowsThisMachine() throws {
        #expect(ModuleReader().isThisMachine)
        #expect(ModuleReader(root: "//").isThisMachine)
        #expect(!reader.isThisMachine)
        try fixture.write("1\n", to: "proc/sys/kernel/modules_disabled")
        #expect(try reader.modulesDisabled())
    }
}
