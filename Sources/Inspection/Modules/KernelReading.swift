internal import LinuxSystem
package import Machine

/// Reads what the kernel says about itself, without the inferred facts.
struct KernelReading {
    let tree: any FileTree

    func read() throws(InspectionError) -> Kernel {
        let path = "/proc/sys/kernel/osrelease"
        let text = try tree.value(path)
        // The material of a ticket may not have it.
        let release = tree.isLive ? text : text ?? Kernel.unknownRelease
        guard let release, !release.isEmpty else { throw tree.damaged(path, "the kernel release is missing") }
        // The release becomes part of a path below /lib/modules.
        guard !release.contains("/") else { throw tree.damaged(path, "\"\(release)\" is not a kernel release") }
        var kernel = Kernel(release: release)
        kernel.bootID = try bootID()
        kernel.commandLine = KernelCommandLine(try tree.value("/proc/cmdline") ?? "")
        kernel.modulesDisabled = try tree.value("/proc/sys/kernel/modules_disabled") == "1"
        let helper = try tree.value("/proc/sys/kernel/modprobe")
        // Without CONFIG_MODULES the kernel has no such file, and loads nothing.
        let program = helper.map { $0.parts(at: "/").last.map(String.init) ?? "" }
        kernel.hasModuleHelper =
            program.map { !["", "false", "true"].contains($0) }
            ?? (tree.exists("/proc/modules") || release == Kernel.unknownRelease)
        if kernel.hasModuleHelper, let program, program != "modprobe" { kernel.unknownModuleHelper = helper }
        kernel.lockdown = lockdown()
        kernel.allowsKexec = allowsKexec
        return kernel
    }

    /// Which boot it is; nil where that is not told.
    func bootID() throws(InspectionError) -> String? {
        try tree.value("/proc/sys/kernel/random/boot_id").flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The files that tell whether kexec works: the kernel has it (CONFIG_KEXEC_CORE: kernel/ksysfs.c), and nobody has disabled it
    /// (kernel/kexec_core.c).
    static let kexecPaths = ["/sys/kernel/kexec_loaded", "/proc/sys/kernel/kexec_load_disabled"]

    /// The program, which `systemctl kexec` runs, tells on a running machine only: no recording has it.
    private var allowsKexec: Bool {
        tree.exists(Self.kexecPaths[0]) && tree.optionalValue(Self.kexecPaths[1]) == "0"
            && (!tree.isLive || ["/usr/sbin/kexec", "/sbin/kexec"].contains(where: tree.exists))
    }

    /// The word in brackets of `none [integrity] confidentiality` (`lockdown_read()`, security/lockdown/lockdown.c).
    private func lockdown() -> String? {
        guard let text = tree.optionalValue("/sys/kernel/security/lockdown"),
            let open = text.firstIndex(of: "["), let close = text[open...].firstIndex(of: "]")
        else { return nil }
        return String(text[open..<close].dropFirst())
    }
}

/// The parameters that change what dax_hmem does.
struct HmemSettingsReading {
    let tree: any FileTree
    let commandLine: KernelCommandLine

    func read() -> HmemSettings {
        HmemSettings(
            isDisabled: loaded("device_hmem", "disable") ?? commandLine.parameters.isOn("device_hmem.disable"),
            // libkmod hands this on to the module.
            regionIsIdle: commandLine.allParameters.isOn("dax_hmem.region_idle"),
            loadedRegionIsIdle: loaded("dax_hmem", "region_idle")
        )
    }

    /// Nil where the module is not loaded.
    private func loaded(_ module: String, _ parameter: String) -> Bool? {
        tree.optionalValue("/sys/module/\(module)/parameters/\(parameter)").map { Bool(kernelText: $0) ?? false }
    }
}

/// Reads which machine it is.
package struct HostReading: Sendable {
    private let tree: any FileTree

    /// Where a recorded machine keeps its id, inside the root.
    package static let recordedID = "/host-id"

    /// A reader of the machine in `tree`.
    package init(tree: any FileTree) { self.tree = tree }

    /// The machine's id and name, as far as they can be read.
    package func read() -> Host { Host(id: id, name: word("/proc/sys/kernel/hostname")) }

    /// machine-id(5) calls the id itself confidential: a digest that many ids share can stand in plans and bug reports.
    private var id: String? {
        if !tree.isLive, let recorded = word(Self.recordedID) { return recorded }
        guard let id = word("/etc/machine-id"), id != "uninitialized" else { return nil }
        return digest(of: ["daxswitch", id])
    }

    private func word(_ path: String) -> String? {
        tree.optionalValue(path).flatMap { $0.isEmpty ? nil : $0 }
    }
}
