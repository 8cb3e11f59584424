internal import LinuxSystem

/// Whether a root directory has what every machine has.
struct RootCheck {
    let tree: any FileTree
    /// It may be a recording by `daxswitch collect`.
    let isCapture: Bool
    /// What the machine itself lacked when it was recorded.
    let absentPaths: [String]

    /// What every running machine has.
    private static let alwaysThere = ["/proc/iomem", "/proc/sys/kernel/osrelease", "/sys"]

    /// Finds out early what can't be a machine at all. Of a recorded one, `/proc/iomem` alone must be there; but a capture with
    /// devices and without what every capture has is torn, and what was lost could make another answer certain.
    func check() throws(InspectionError) {
        guard tree.isLive else {
            guard tree.exists("/proc/iomem") else {
                throw InspectionError(
                    .badCapture,
                    "\(tree.display("/")): not a capture (no proc/iomem). Make one with `daxswitch collect`"
                )
            }
            guard isCapture, tree.exists("/sys/bus") else { return }
            let needed = RecordedParts.alwaysRecorded + ["/proc/sys/kernel/osrelease"]
            for path in needed where !tree.exists(path) && !absentPaths.contains(path) {
                throw InspectionError(
                    .badCapture,
                    "\(tree.display(path)) is missing: the capture is incomplete. Record the machine again "
                        + "(daxswitch collect)"
                )
            }
            return
        }
        for path in Self.alwaysThere where !tree.exists(path) {
            throw InspectionError(.missingFeature, "\(path) is missing: procfs and sysfs must be mounted")
        }
    }
}

/// What a machine had not when it was recorded, though every machine has it: so a recording that lacks it is known to
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
        let paths = RecordedParts.alwaysRecorded + FirmwareCompleteness.paths
        return paths.filter { !tree.exists($0) } + (map?.missingPaths ?? [])
    }
}
