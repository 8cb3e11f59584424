package import Inspection
import LinuxSystem
package import Machine

/// Why a choice would not take effect at the next boot, as far as modules are concerned. Pure.
package struct ChoiceObstacle {
    private let choice: BootChoice
    private let machine: MachineState
    private let configuration: ModprobeConfiguration
    private let filesLast: Bool

    /// `choice` on `machine`, whose next boot has `configuration`; it is written there where `filesLast`, and stands on the
    /// kernel command line where not.
    package init(
        to choice: BootChoice,
        on machine: MachineState,
        with configuration: ModprobeConfiguration,
        filesLast: Bool
    ) {
        self.choice = choice
        self.machine = machine
        self.configuration = configuration
        self.filesLast = filesLast
    }

    /// Looks at everything.
    /// - Throws: `PersistenceError` `.missingModule`, `.blacklisted` or `.overridden` about the first thing that is found.
    package func check() throws(PersistenceError) {
        try checkPresence()
        try checkKernel()
        try checkInitcalls()
        try checkUdev()
        if filesLast { try checkOrder() }
    }

    /// The machine has nothing that a choice is about.
    /// - Throws: `PersistenceError` `.nothingToDecide`.
    package static func checkMemory(of machine: MachineState) throws(PersistenceError) {
        guard machine.softReserved.isEmpty, machine.windows.isEmpty, machine.regions.isEmpty else { return }
        throw PersistenceError(
            .nothingToDecide,
            "this machine has no Soft Reserved memory, no CXL window and no CXL region, so there is nothing to decide "
                + "(`persist --clear` still works)"
        )
    }

    private func checkPresence() throws(PersistenceError) {
        let release = machine.kernel.release
        for module in choice == .hmem ? ["dax_hmem"] : ["cxl_acpi", "dax_cxl"] {
            switch machine.modules.state(of: module) {
            case .missing: throw PersistenceError(.missingModule, "kernel \(release) has no module \(module)")
            case .absent where machine.modules.dependencies == nil:
                throw PersistenceError(
                    .missingModule,
                    "/lib/modules/\(release)/modules.dep is missing, so kernel \(release) can't load \(module). Install "
                        + "its modules, or boot the kernel whose modules are installed, then run persist again"
                )
            default: break
            }
        }
    }

    /// `initcall_blacklist=`: a part of the kernel image does not begin. What leaves out `cxl_acpi` is the boot loader's affair
    /// (`BootLoaderNeed`).
    private func checkInitcalls() throws(PersistenceError) {
        let needed = ["dax_hmem"] + (choice == .cxl ? ["cxl_port", "cxl_pci", "cxl_mem", "dax_cxl"] : [])
        let leftOut = needed.filter { !isLoadable($0) && machine.kernel.commandLine.leavesOut($0) }
        guard !leftOut.isEmpty else { return }
        throw PersistenceError(
            .blacklisted,
            "\(choice.rawValue) needs \(leftOut.joined(separator: " and ")), but initcall_blacklist= on the kernel command line "
                + "skips it. Remove it there, then run persist again"
        )
    }

    /// `module_blacklist=`: the kernel refuses the module, however it is loaded, and with it what needs it.
    private func checkKernel() throws(PersistenceError) {
        let needed =
            ["dax_hmem"] + (choice == .cxl ? ["cxl_port", "cxl_acpi", "cxl_pci", "cxl_mem", "dax_cxl"] : [])
        let modules = machine.modules
        let all = needed.filter(isLoadable).flatMap { [$0] + (modules.dependencies?[$0] ?? []) }
        let barred = Set(all.filter(isLoadable)).intersection(machine.kernel.commandLine.barredModules).sorted()
        guard !barred.isEmpty else { return }
        throw PersistenceError(
            .blacklisted,
            "\(choice.rawValue) needs \(barred.joined(separator: " and ")), but module_blacklist= on the kernel command line "
                + "skips it. Remove it there, then run persist again"
        )
    }

    /// `blacklist` and `modprobe.blacklist=`: udev does not load the module for its device. By its name, as a dependency
    /// and as a soft dependency it is loaded anyway (libkmod: KMOD_PROBE_APPLY_BLACKLIST looks at the module that was
    /// asked for alone; tried with kmod 30).
    private func checkUdev() throws(PersistenceError) {
        var needed = choice == .hmem ? ["dax_hmem"] : ["dax_hmem", "dax_cxl"]
        // The soft dependencies that persist writes are followed where dax_hmem is loaded; systemd-modules-load heeds the
        // blacklist as udev does.
        if choice == .cxl && !(filesLast && isLoadable("dax_hmem")) { needed += ["cxl_acpi", "cxl_pci", "cxl_mem"] }
        for module in needed where isLoadable(module) {
            guard let place = place(ofBlacklisted: module) else { continue }
            throw PersistenceError(
                .blacklisted,
                "\(choice.rawValue) needs \(module), but \(place) blocks it at boot. "
                    + "Remove \(module) there, then run persist again"
            )
        }
    }

    private func place(ofBlacklisted module: String) -> String? {
        let line = configuration.lines.first {
            $0.words.count > 1 && $0.words[0] == "blacklist"
                && underscored($0.words[1]) == module
        }
        if let line { return "\(line.file):\(line.number)" }
        return machine.kernel.commandLine.modulesBarredForDevices.contains(module)
            ? "modprobe.blacklist= on the kernel command line" : nil
    }

    /// The first line for a module counts, in the order of the files' names.
    private func checkOrder() throws(PersistenceError) {
        let ours = Inspector.persistedPath
        let module = choice == .hmem ? "cxl_acpi" : "dax_hmem"
        let keywords = choice == .hmem ? ["softdep", "install"] : ["softdep"]
        for line in keywords.compactMap({ configuration.line($0, for: module) })
        where line.file != ours && Self.name(line.file).lexicographicallyPrecedes(Self.name(ours)) {
            let rest = line.words.dropFirst(2)
            // As persist writes it.
            if choice == .hmem && (rest == ["pre:"] || rest == ["/bin/false"]) { continue }
            throw PersistenceError(
                .overridden,
                "\(line.file):\(line.number) (\(line.words.joined(separator: " "))) takes precedence over \(ours). Remove that line, "
                    + "or rename the file to sort after it, then run persist again"
            )
        }
    }

    private static func name(_ path: String) -> Substring.UTF8View { (path.parts(at: "/").last ?? "").utf8 }

    private func isLoadable(_ module: String) -> Bool { !machine.modules.builtin.contains(module) }
}
