import Iomem
import Machine
import Persistence
import Testing

@Suite("A choice on the kernel command line")
struct CommandLineChoiceTests {
    private func option(_ choice: BootChoice, builtin: Set<String> = []) -> String {
        var machine = MachineState(kernel: Kernel(release: "7.3.4"), iomem: IomemTree(inFileOrder: []))
        machine.modules.builtin = builtin
        return CommandLineChoice(choice, on: machine).option
    }

    private func isInForce(_ choice: BootChoice, _ line: String, builtin: Set<String> = []) -> Bool {
        var machine = MachineState(kernel: Kernel(release: "7.3.4"), iomem: IomemTree(inFileOrder: []))
        machine.kernel.commandLine = KernelCommandLine("ro \(line) quiet")
        machine.modules.builtin = builtin
        return CommandLineChoice(choice, on: machine).isInForce(on: machine)
    }

    @Test("cxl_pmem comes first: before 7.1 a late one kills the kernel")
    func order() {
        #expect(option(.cxl) == "modules_load=cxl_pmem,cxl_acpi,cxl_pci,cxl_mem")
        #expect(isInForce(.cxl, option(.cxl)))
        #expect(isInForce(.cxl, "modules_load=cxl-pmem,cxl-acpi modules_load=cxl_pci,cxl_mem"))
        #expect(!isInForce(.cxl, "modules_load=cxl_acpi,cxl_pci,cxl_mem"))
        #expect(!isInForce(.cxl, "modules_load=cxl_acpi,cxl_pci,cxl_mem,cxl_pmem"))
    }

    @Test("hmem: the last module_blacklist= counts, in the kernel's spelling, and not for what is built in")
    func hmem() {
        #expect(isInForce(.hmem, option(.hmem)))
        #expect(isInForce(.hmem, "module_blacklist=nouveau,cxl_acpi"))
        #expect(!isInForce(.hmem, "module_blacklist=cxl_acpi module_blacklist=nouveau"))
        #expect(!isInForce(.hmem, "module_blacklist=cxl-acpi"))
        #expect(isInForce(.hmem, "module-blacklist=\"cxl_acpi\""))
        #expect(!isInForce(.hmem, "-- module_blacklist=cxl_acpi"))
        #expect(!isInForce(.hmem, "modprobe.blacklist=cxl_acpi"))
        #expect(!isInForce(.hmem, "module_blacklist=cxl_acpi", builtin: ["cxl_acpi"]))
    }

    @Test("hmem with cxl_acpi built in: any initcall_blacklist= that names its function")
    func builtin() {
        #expect(option(.hmem, builtin: ["cxl_acpi"]) == "initcall_blacklist=cxl_acpi_init")
        for line in [
            option(.hmem, builtin: ["cxl_acpi"]), "initcall_blacklist=a,cxl_acpi_init",
            "initcall_blacklist=cxl_acpi_init initcall_blacklist=b", "initcall-blacklist=cxl_acpi_init",
        ] {
            #expect(isInForce(.hmem, line, builtin: ["cxl_acpi"]))
            #expect(!isInForce(.hmem, line))
        }
        for line in ["initcall_blacklist=cxl_acpi", "-- initcall_blacklist=cxl_acpi_init"] {
            #expect(!isInForce(.hmem, line, builtin: ["cxl_acpi"]))
        }
    }
}
