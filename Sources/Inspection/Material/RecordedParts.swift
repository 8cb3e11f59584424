internal import Machine

/// Finds which parts of a machine its material lacks.
struct RecordedParts {
    let tree: any FileTree
    /// What the machine itself lacked when it was recorded.
    let absentPaths: [String]
    /// It has a kernel log.
    let hasLog: Bool
    /// It may be a recording by `daxswitch collect`.
    let isCapture: Bool

    /// What a recording by `daxswitch collect` has, or names as absent on the machine: a kernel without CONFIG_MODULES has none
    /// of the files about modules.
    static let alwaysRecorded = [
        "/proc/cmdline", "/proc/modules", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/modules_disabled",
        "/sys/bus/platform/devices", "/sys/module",
    ]

    /// The parts that are not there. None of a recording that is whole: what it has not, the machine had not.
    var missing: Set<MaterialReport.Part> {
        guard !tree.isLive, !isWhole else { return [] }
        let files: [(MaterialReport.Part, String)] = [
            (.kernelRelease, "/proc/sys/kernel/osrelease"), (.commandLine, "/proc/cmdline"),
            (.modules, "/proc/modules"),
            (.moduleSettings, "/proc/sys/kernel/modprobe"), (.moduleSettings, "/proc/sys/kernel/modules_disabled"),
            (.moduleSettings, "/sys/module"), (.daxDevices, "/sys/bus/dax/devices"),
            (.daxDevices, "/sys/bus/platform/devices"), (.cxlDevices, "/sys/bus/cxl/devices"),
            (.memoryBlocks, "/sys/devices/system/memory/block_size_bytes"), (.firmwareMap, "/sys/firmware/memmap"),
            (.acpiTables, "/sys/firmware/acpi/tables"),
        ]
        var missing = Set(files.filter { !tree.exists($0.1) && !absentPaths.contains($0.1) }.map(\.0))
        if !hasLog { missing.insert(.kernelLog) }
        // Those that use a device are recorded, and others not: of none it can't be told which it is.
        if tree.optionalNames(in: "/proc").allSatisfy({ Int($0) == nil }) { missing.insert(.processes) }
        return missing
    }

    private var isWhole: Bool {
        isCapture
            && (Self.alwaysRecorded + ["/proc/sys/kernel/osrelease"]).allSatisfy {
                tree.exists($0) || absentPaths.contains($0)
            }
    }
}
