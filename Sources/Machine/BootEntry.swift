/// What the boot loader starts a kernel of this host with.
package struct BootEntry: Sendable, Equatable {
    /// The file that says so: `/boot/grub/grub.cfg`, `/boot/loader/entries/x.conf`.
    package var file: String
    /// The command line of the kernel.
    package var commandLine: KernelCommandLine

    /// An entry.
    package init(file: String, commandLine: KernelCommandLine) {
        self.file = file
        self.commandLine = commandLine
    }
}

extension [BootEntry] {
    /// The files with entries that leave `module` out, or the ones with entries that don't; sorted, each once.
    package func files(leavingOut module: String, is wanted: Bool) -> [String] {
        Set(filter { $0.commandLine.leavesOut(module) == wanted }.map(\.file)).sorted()
    }
}

extension MachineState {
    /// Whether the kernel has `cxl_acpi` in its image, so only its command line keeps it out at a boot.
    package var hasBuiltinCxlAcpi: Bool { modules.builtin.contains("cxl_acpi") }

    /// Whether the next boot leaves out `cxl_acpi` as a part of the kernel image, as the boot loader is now, or, where that is
    /// not known, as in this boot.
    package var nextBootLeavesOutCxlAcpi: Bool {
        guard hasBuiltinCxlAcpi else { return false }
        return bootEntries.isEmpty
            ? kernel.commandLine.leavesOut("cxl_acpi")
            : bootEntries.allSatisfy { $0.commandLine.leavesOut("cxl_acpi") }
    }

    /// The files of the boot loader that don't have what is persisted; nil where nothing is persisted that they should have, or
    /// none is known.
    package var pendingBootEntries: [String]? {
        guard hasBuiltinCxlAcpi, !bootEntries.isEmpty, let persisted else { return nil }
        return bootEntries.files(leavingOut: "cxl_acpi", is: persisted == .cxl)
    }
}
