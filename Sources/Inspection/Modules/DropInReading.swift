internal import Machine

/// What daxswitch wrote for modprobe: the drop-in of this boot and the one for the boots to come.
struct DropInReading {
    let tree: any FileTree
    let files: ModprobeFiles

    /// What the drop-ins say.
    struct Result {
        /// `cxl_acpi` is kept out now.
        var isHeld: Bool
        /// What is persisted.
        var persisted: BootChoice?
    }

    private static let keptOut = [["softdep", "cxl_acpi", "pre:"], ["install", "cxl_acpi", "/bin/false"]]
    private static let letIn = ["softdep", "cxl_acpi", "pre:", "cxl_port"]
    private static let cxlFirst = ["softdep", "dax_hmem", "pre:", "cxl_pmem", "cxl_acpi", "cxl_pci", "cxl_mem"]

    func read() throws(InspectionError) -> Result {
        let persisted = try files.ownLines(Inspector.persistedPath)
        let now = try files.ownLines(Inspector.holdPath)
        let choice = try persisted.flatMap { lines throws(InspectionError) in try self.choice(lines) }
        if let now, !now.contains(Self.letIn), !Self.isWhole(now) {
            throw damaged(
                Inspector.holdPath,
                "the file and /run/udev/rules.d/00-daxswitch.rules, and hold anew where it is needed"
            )
        }
        guard now != nil || choice != nil else { return Result(isHeld: false, persisted: nil) }
        // Others may have a line that counts before ours: then ours are there and keep nothing out.
        let next = files.configuration(isOfNextBoot: true)
        let counts =
            switch choice {
            case .hmem: Self.keepsOut(next)
            case .cxl: next.softDependencies(of: "dax_hmem")?.before.starts(with: Self.cxlFirst.dropFirst(3)) == true
            case nil: false
            }
        return Result(
            isHeld: Self.keepsOut(files.configuration(isOfNextBoot: false)),
            persisted: counts ? choice : nil
        )
    }

    /// Half of one keeps nothing out: without the softdep line libkmod passes over the install line.
    private static func isWhole(_ lines: [[String]]) -> Bool { keptOut.allSatisfy(lines.contains) }

    private static func keepsOut(_ configuration: ModprobeConfiguration) -> Bool {
        configuration.softDependencies(of: "cxl_acpi")?.isEmpty == true
            && configuration.line("install", for: "cxl_acpi")?.words.dropFirst(2) == ["/bin/false"]
    }

    /// What the lines say, whatever was edited around them; nil where none is about these modules.
    private func choice(_ lines: [[String]]) throws(InspectionError) -> BootChoice? {
        if Self.isWhole(lines) { return .hmem }
        if lines.contains(where: { $0.starts(with: Self.cxlFirst) }) { return .cxl }
        let isHalf = lines.contains { line in
            line.count > 1 && ["softdep", "install"].contains(line[0]) && ["cxl_acpi", "dax_hmem"].contains(line[1])
        }
        if isHalf { throw damaged(Inspector.persistedPath, "the file, and persist anew where it is needed") }
        return nil
    }

    private func damaged(_ path: String, _ what: String) -> InspectionError {
        tree.damaged(path, "this is not the whole of what daxswitch writes there; remove \(what)")
    }
}
