import Inspection
import Machine
import Persistence
import TestCaptures
import Testing

@Suite("Whether the modules that a choice needs come at a boot")
struct ChoiceObstacleTests {
    /// What stands in the way of `choice` on a kernel with all modules, with a command line and files below `/`.
    private func obstacle(
        _ choice: BootChoice,
        commandLine: String = "quiet",
        files: [String: String] = [:],
        filesLast: Bool = true,
        change: (inout MachineState) -> Void = { _ in }
    ) throws -> PersistenceError? {
        let system = BootSystem(root: TestCaptures.newDirectory())
        for (path, text) in files { try system.put(text + "\n", at: path) }
        var machine = try Self.machine.get()
        machine.kernel.commandLine = KernelCommandLine(commandLine)
        change(&machine)
        do {
            try ChoiceObstacle(to: choice, on: machine, with: system.configuration, filesLast: filesLast)
                .check()
            return nil
        } catch {
            return error
        }
    }

    private static let machine = Result {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "boot")
        return try Inspector(root: try TestCaptures.copyWithModules(root).path).read()
    }

    private let conf = "/etc/modprobe.d/local.conf"

    @Test("nothing stands in the way on a kernel that has the modules", arguments: BootChoice.allCases)
    func free(choice: BootChoice) throws {
        #expect(try obstacle(choice) == nil)
        #expect(try obstacle(choice, commandLine: "module_blacklist=dax_hmem module_blacklist=nouveau") == nil)
        // hmem is to keep cxl_acpi out, and cxl has it loaded by name, for dax_hmem.
        #expect(try obstacle(choice, commandLine: "modprobe.blacklist=cxl_acpi") == nil)
        #expect(try obstacle(choice, files: [conf: "blacklist cxl_acpi"]) == nil)
    }

    @Test(
        "module_blacklist=: the kernel refuses the module, whatever asks for it",
        arguments: [
            (BootChoice.hmem, "dax_hmem"), (.cxl, "cxl_acpi"), (.cxl, "cxl_mem"), (.cxl, "dax_cxl"), (.cxl, "dax_hmem"),
        ]
    )
    func kernel(choice: BootChoice, module: String) throws {
        let error = try #require(try obstacle(choice, commandLine: "quiet module_blacklist=nouveau,\(module)"))
        #expect(error.code == .blacklisted)
        #expect(error.message.contains("module_blacklist=") && error.message.contains(module))
    }

    @Test("module_blacklist= of what a module depends on keeps it out as well")
    func dependency() throws {
        let needed = try obstacle(.cxl, commandLine: "module_blacklist=libnvdimm")
        #expect(needed?.message.contains("libnvdimm") == true)
    }

    @Test(
        "blacklisted for udev: what must come for its device is missed, and the place is named",
        arguments: [
            (BootChoice.hmem, "dax_hmem"), (.cxl, "dax_hmem"), (.cxl, "dax_cxl"),
        ]
    )
    func udev(choice: BootChoice, module: String) throws {
        let byFile = try #require(try obstacle(choice, files: [conf: "# mine\nblacklist \(module)"]))
        #expect(byFile.code == .blacklisted)
        #expect(byFile.message.contains("\(module), but \(conf):2 blocks it"))
        let dashed = module.replacing("_", with: "-")
        #expect(try obstacle(choice, files: ["/lib/modprobe.d/a.conf": "blacklist \(dashed)"])?.code == .blacklisted)
        let byLine = try #require(try obstacle(choice, commandLine: "modprobe.blacklist=nouveau,\(module) quiet"))
        #expect(byLine.message.contains("modprobe.blacklist= on the kernel command line"))
        // libkmod spells the names of its files with underscores, and takes those of the command line as they are.
        #expect(try obstacle(choice, commandLine: "modprobe.blacklist=\(dashed)") == nil)
    }

    @Test("with dax_hmem in the kernel image modprobe loads cxl_acpi for nobody: udev must")
    func builtinHmem() throws {
        let error = try obstacle(.cxl, commandLine: "modprobe.blacklist=cxl_acpi") {
            $0.modules.loaded["dax_hmem"] = nil
            $0.modules.builtin.insert("dax_hmem")
        }
        #expect(error?.message.contains("cxl_acpi") == true)
    }

    @Test("what is built into the kernel no blacklist keeps out")
    func builtin() throws {
        let line = "module_blacklist=dax_hmem modprobe.blacklist=dax_hmem"
        #expect(
            try obstacle(.hmem, commandLine: line) {
                $0.modules.loaded["dax_hmem"] = nil
                $0.modules.builtin.insert("dax_hmem")
            } == nil
        )
    }

    @Test("modules that are not loaded come at the boot; without a list of modules that is not known")
    func presence() throws {
        #expect(try obstacle(.hmem) { $0.modules.loaded = [:] } == nil)
        let lost = try obstacle(.hmem) {
            $0.modules.loaded = [:]
            $0.modules.dependencies = nil
        }
        #expect(lost?.code == .missingModule && lost?.message.contains("modules.dep") == true)
        let none = try obstacle(.cxl) {
            $0.modules.loaded = [:]
            $0.modules.dependencies?["dax_cxl"] = nil
        }
        #expect(none?.code == .missingModule && none?.message.contains("dax_cxl") == true)
    }

    @Test("a line of others that counts before ours is named; one that says the same does not count")
    func order() throws {
        let before = "/etc/modprobe.d/00-local.conf"
        let error = try #require(try obstacle(.hmem, files: [before: "softdep cxl_acpi pre: cxl_port"]))
        #expect(error.code == .overridden && error.message.hasPrefix("\(before):1 "))
        #expect(try obstacle(.cxl, files: [before: "softdep dax_hmem pre: cxl_acpi"])?.code == .overridden)
        #expect(try obstacle(.hmem, files: [before: "install cxl_acpi /bin/true"])?.code == .overridden)
        #expect(try obstacle(.hmem, files: [before: "softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false"]) == nil)
        #expect(try obstacle(.hmem, files: [conf: "softdep cxl_acpi pre: cxl_port"]) == nil)
    }

    @Test("where files don't last nothing is in their way, and systemd-modules-load heeds the blacklist too")
    func commandLine() throws {
        let before = "/etc/modprobe.d/00-local.conf"
        #expect(try obstacle(.hmem, files: [before: "softdep cxl_acpi pre: cxl_port"], filesLast: false) == nil)
        let error = try obstacle(.cxl, commandLine: "modprobe.blacklist=cxl_acpi", filesLast: false)
        #expect(error?.code == .blacklisted)
    }

    @Test("a machine without Soft Reserved memory, window and region has nothing to decide; one of them is enough")
    func memory() throws {
        let machine = try Self.machine.get()
        var bare = machine
        bare.softReserved = []
        bare.windows = []
        bare.regions = []
        do {
            try ChoiceObstacle.checkMemory(of: bare)
            Issue.record("there is something to decide")
        } catch {
            #expect(error.code == .nothingToDecide)
        }
        bare.softReserved = machine.softReserved
        try ChoiceObstacle.checkMemory(of: bare)
    }
}
