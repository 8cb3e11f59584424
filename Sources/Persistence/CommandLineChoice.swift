package import Machine

/// A choice on the kernel command line, for systems whose files don't last. Pure.
///
/// `module_blacklist=` is heeded by the kernel itself (kernel/module/main.c: blacklisted()), so that neither modprobe nor
/// udev counts; `modules_load=` by systemd-modules-load.service(8).
package struct CommandLineChoice: Sendable, Equatable {
    /// What is to hold.
    package let choice: BootChoice

    /// The words for `choice`.
    package init(_ choice: BootChoice) { self.choice = choice }

    /// What to put on the kernel command line. Before 7.1 a `cxl_pmem` that comes late makes the kernel die.
    package var option: String {
        switch choice {
        case .hmem: "module_blacklist=cxl_acpi"
        case .cxl: "modules_load=cxl_pmem,cxl_acpi,cxl_pci,cxl_mem"
        }
    }

    /// Whether it is on the command line that `machine` was booted with, and counts.
    package func isInForce(on machine: MachineState) -> Bool {
        switch choice {
        case .hmem:
            // What is part of the kernel is not loaded, and nothing is refused.
            return machine.modules.state(of: "cxl_acpi") != .builtin
                && machine.kernel.commandLine.barredModules.contains("cxl_acpi")
        case .cxl:
            let loaded = machine.kernel.commandLine.modulesLoadedAtBoot
            guard let bridge = loaded.firstIndex(of: "cxl_pmem"), let last = loaded.firstIndex(of: "cxl_mem") else {
                return false
            }
            return bridge < last && ["cxl_acpi", "cxl_pci"].allSatisfy(loaded.contains)
        }
    }
}
