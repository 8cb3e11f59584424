internal import LinuxSystem

/// Whether a root directory has what every machine has.
struct RootCheck {
    let tree: any FileTree

    /// What every running machine has.
    private static let alwaysThere = ["/proc/iomem", "/proc/sys/kernel/osrelease", "/sys"]

    /// Finds out early what can't be a machine at all. Of a recorded one, `/proc/iomem` alone must be there.
    func check() throws(InspectionError) {
        guard tree.isLive else {
            if tree.exists("/proc/iomem") { return }
            throw InspectionError(
                .badCapture,
                "\(tree.display("/proc/iomem")) is not there: not a capture. Make one with `daxswitch collect`"
            )
        }
        for path in Self.alwaysThere where !tree.exists(path) {
            throw InspectionError(.missingFeature, "\(path) is not there: procfs and sysfs must be mounted")
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
        return RecordedParts.alwaysRecorded.filter { !tree.exists($0) } + (map?.missingPaths ?? [])
    }
}
