internal import LinuxSystem

/// Whether a root directory has what every machine has.
struct RootCheck {
    let tree: any FileTree
    /// What a recorded machine lacked when it was recorded.
    let absentPaths: [String]

    /// What every machine has, and every recording of one.
    private static let alwaysThere = ["/proc/iomem", "/proc/sys/kernel/osrelease", "/sys"]

    /// What a recording lacks only where a part of it was lost, or where the machine lacked it too: a kernel without
    /// CONFIG_MODULES has none of the files about modules.
    static let alwaysRecorded = [
        "/proc/cmdline", "/proc/modules", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/modules_disabled",
        "/sys/bus/platform/devices", "/sys/module",
    ]

    /// Finds out early what can't be a machine at all, or not the whole of one.
    func check() throws(InspectionError) {
        for path in Self.alwaysThere where !tree.exists(path) {
            if tree.isLive {
                throw InspectionError(.missingFeature, "\(path) is not there: procfs and sysfs must be mounted")
            }
            throw InspectionError(
                .badCapture,
                "\(tree.display(path)) is not there: the directory is no recorded machine (daxswitch collect makes one)"
            )
        }
        for path in Self.alwaysRecorded where !tree.isLive && !tree.exists(path) && !absentPaths.contains(path) {
            throw InspectionError(
                .badCapture,
                "\(tree.display(path)) is not there: the recorded machine is not whole; record it again (daxswitch collect)"
            )
        }
    }
}

/// What a machine had not when it was recorded, though every machine has it: so that a recording which lacks it is known to
/// be whole.
package struct RecordedAbsences {
    /// Where a recorded machine keeps the paths, one a line, inside the root.
    package static let path = "/absent"

    /// The paths.
    package let paths: [String]

    /// The absences of the machine in `tree`: those that its recorder noted, or what the running machine lacks now.
    package init(tree: any FileTree) {
        let recorded = tree.isLive ? nil : RecordedAbsences.text(tree)
        paths = recorded?.lines.map(String.init) ?? (tree.isLive ? Self.missing(in: tree) : [])
    }

    private static func text(_ tree: any FileTree) -> String? {
        do { return try tree.text(path) } catch { return nil }
    }

    private static func missing(in tree: any FileTree) -> [String] {
        let map: FirmwareMap?
        do { map = try FirmwareMap(tree: tree) } catch { map = nil }
        return RootCheck.alwaysRecorded.filter { !tree.exists($0) } + (map?.missingPaths ?? [])
    }
}
