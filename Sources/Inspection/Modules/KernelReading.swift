internal import Machine

/// Reads what the kernel says about itself, without the inferred facts.
struct KernelReading {
    let tree: any FileTree

    func read() throws(InspectionError) -> Kernel {
        let path = "/proc/sys/kernel/osrelease"
        guard let release = try tree.value(path), !release.isEmpty else {
            throw tree.damaged(path, "the kernel's release is missing")
        }
        // The release becomes part of a path below /lib/modules.
        guard !release.contains("/") else { throw tree.damaged(path, "\"\(release)\" is no kernel release") }
        var kernel = Kernel(release: release)
        kernel.bootID = try tree.value("/proc/sys/kernel/random/boot_id").flatMap { $0.isEmpty ? nil : $0 }
        kernel.commandLine = KernelCommandLine(try tree.value("/proc/cmdline") ?? "")
        kernel.modulesDisabled = try tree.value("/proc/sys/kernel/modules_disabled") == "1"
        let helper = try tree.value("/proc/sys/kernel/modprobe")
        // Without CONFIG_MODULES the kernel has no such file, and loads nothing.
        let program = helper.map { $0.split(separator: "/").last.map(String.init) ?? "" }
        kernel.hasModuleHelper = program.map { !["", "false", "true"].contains($0) } ?? tree.exists("/proc/modules")
        if kernel.hasModuleHelper, let program, program != "modprobe" { kernel.unknownModuleHelper = helper }
        kernel.lockdown = lockdown()
        return kernel
    }

    /// The word in brackets of `none [integrity] confidentiality` (`lockdown_read()`, security/lockdown/lockdown.c).
    private func lockdown() -> String? {
        guard let text = tree.optionalValue("/sys/kernel/security/lockdown"),
            let open = text.firstIndex(of: "["), let close = text[open...].firstIndex(of: "]")
        else { return nil }
        return String(text[open..<close].dropFirst())
    }
}
