internal import Machine

/// Infers whether the memory devices' decoders can only be as the firmware left them.
///
/// Drivers reset decoders when `cxl_acpi` or a memory device's driver goes (drivers/cxl/core/region.c:
/// cxl_region_decode_reset()), and none touches one before `cxl_acpi` has made the ports (drivers/cxl/acpi.c:
/// cxl_acpi_probe()). While they are out of sight nothing else tells, and memory that no decoder answers for is deadly.
struct DecoderHistory {
    let state: MachineState
    let log: [String]

    func find() -> Finding<Bool> {
        if state.windows.contains(where: \.isLive) {
            return Finding(false, evidence: ["/proc/iomem has CXL windows: cxl_acpi is bound."])
        }
        // What is part of the kernel image is bound without being loaded.
        if state.kernel.commandLine.barredModules.contains("cxl_acpi"),
            state.modules.state(of: "cxl_acpi") != .builtin
        {
            return Finding(true, evidence: ["/proc/cmdline keeps cxl_acpi out with module_blacklist=."])
        }
        let bridges = LoggedBridges(log: log)
        let mark = "\"\(LoggedBridges.mark)\""
        if !bridges.names.isEmpty {
            return Finding(false, evidence: ["The kernel log has \(mark): cxl_acpi has been bound in this boot."])
        }
        guard bridges.isWhole else {
            let what = log.isEmpty ? "There is no kernel log here" : "The kernel log has lost its beginning"
            return Finding(false, evidence: ["\(what), so that cxl_acpi may have been bound in this boot."])
        }
        return Finding(
            true,
            evidence: ["The kernel log goes back to the boot and has no \(mark): cxl_acpi has not been bound."]
        )
    }
}
