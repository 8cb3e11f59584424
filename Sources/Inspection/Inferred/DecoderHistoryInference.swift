internal import Machine

/// Infers what may have become of the memory devices' decoders since the firmware programmed them.
///
/// Drivers reset decoders when `cxl_acpi` or a memory device's driver goes (drivers/cxl/core/region.c:
/// cxl_region_decode_reset()), and none touches one before `cxl_acpi` has made the ports (drivers/cxl/acpi.c:
/// cxl_acpi_probe()). While they are out of sight nothing else tells, and memory that no decoder answers for is deadly.
/// What this kernel has done is not enough: one that ran before it and started it by kexec may have reset them, and so may
/// a sleep. Nothing that an earlier kernel wrote down would prove the contrary, since anybody could reset them after that:
/// then only the decoders themselves tell, once the CXL drivers are in.
struct DecoderHistoryInference {
    let state: MachineState
    let sources: MachineSources
    private var log: LoggedFacts { sources.log }

    /// The finding, with what proves it or what is missing.
    func find() -> Inferred<DecoderHistory> {
        if let why = earlierKernel ?? sleep { return Inferred(.unknown, evidence: [why]) }
        if state.windows.contains(where: \.isLive) { return doubt("/proc/iomem has CXL windows: cxl_acpi is bound") }
        if state.hasBuiltinCxlAcpi, state.kernel.commandLine.leavesOut("cxl_acpi") {
            return Inferred(.asAtBoot, evidence: ["/proc/cmdline skips cxl_acpi with initcall_blacklist=."])
        }
        // What is part of the kernel image is bound without being loaded.
        if state.kernel.commandLine.barredModules.contains("cxl_acpi"),
            !state.modules.builtin.contains("cxl_acpi")
        {
            return Inferred(.asAtBoot, evidence: ["/proc/cmdline blocks cxl_acpi with module_blacklist=."])
        }
        let mark = "\"\(LoggedFacts.bridgeMark)\""
        if log.hasHostBridge { return doubt("The kernel log has \(mark): cxl_acpi has been bound in this boot.") }
        guard log.isWhole else {
            let what = log.isEmpty ? "There is no kernel log" : "The kernel log has lost its beginning"
            return doubt("\(what), so cxl_acpi may have been bound in this boot.")
        }
        return Inferred(
            .asAtBoot,
            evidence: ["The kernel log goes back to the boot and has no \(mark): cxl_acpi has not been bound."]
        )
    }

    private func doubt(_ why: String) -> Inferred<DecoderHistory> { Inferred(.driversBound, evidence: [why]) }

    /// The file that shows what has started the kernel, on x86 alone (arch/x86/kernel/setup.c: setup_arch()).
    static let loaderPath = "/proc/sys/kernel/bootloader_type"
    /// The number of kexec, in the upper four bits (arch/x86/kernel/kexec-bzimage64.c: bzImage64_load(); kexec-tools alike).
    private static let kexec = 0xd
    /// How often the machine went to sleep and came back.
    static let sleepPath = "/sys/power/suspend_stats/success"

    /// Why another kernel may have run since the firmware.
    private var earlierKernel: String? {
        guard let loader = sources.tree.optionalValue(Self.loaderPath).flatMap({ Int($0) }) else {
            // Recordings before 0.2.0 lack the file.
            guard sources.tree.isLive else { return nil }
            return
                "\(Self.loaderPath) is missing: another kernel may have started this one (kexec) and reset decoders."
        }
        guard loader >> 4 == Self.kexec else { return nil }
        return "\(Self.loaderPath) is \(loader): another kernel started this one (kexec) and may have reset decoders."
    }

    /// How often the machine slept since its kernel started, as far as that shows. The counter has no hibernation.
    static func sleeps(_ sources: MachineSources) -> Int {
        let suspends = sources.tree.optionalValue(sleepPath).flatMap { Int($0) } ?? 0
        return max(suspends, sources.log.suspends) &+ sources.log.hibernations
    }

    /// Why devices may have been without power since the boot.
    private var sleep: String? {
        guard state.sleeps > 0 else { return nil }
        let suspends = state.sleeps &- log.hibernations
        let what = suspends > log.suspends ? "\(Self.sleepPath) is \(suspends)" : "The kernel log has \"PM: … entry\""
        return "\(what): decoders may have been reset while the machine slept."
    }
}
