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
        paths = recorded?.split(separator: "\n").map(String.init) ?? (tree.isLive ? Self.missing(in: tree) : [])
    }

    private static func text(_ tree: any FileTree) -> String? {
        do { return try tree.text(path) } catch { return nil }
    }

    private static func missing(in tree: any FileTree) -> [String] {
        let map: FirmwareMap?
        do { map = try FirmwareMap(tree: tree) } catch { map = nil }
        return Inspector.alwaysRecorded.filter { !tree.exists($0) } + (map?.missingPaths ?? [])
    }
}
