internal import LinuxSystem
internal import Machine

/// What daxswitch wrote for modprobe: the drop-in of this boot and the one for the boots to come.
struct DropInReading {
    let tree: any FileTree
    let files: ModprobeFiles

    /// What the drop-ins say.
    struct Result {
        /// `cxl_acpi` is kept out now.
        var isHeld: Bool
        /// What the hold or the release of this boot lacks; nil where it is whole.
        var holdGap: String?
        /// What is persisted.
        var persisted: BootChoice?
    }

    private static let keptOut = [["softdep", "cxl_acpi", "pre:"], ["install", "cxl_acpi", "/bin/false"]]
    private static let rules = ["acpi*:ACPI0017:*", "platform:hmem*"].map {
        "ENV{MODALIAS}==\"\($0)\", ENV{MODALIAS}=\"\""
    }
    private static let letIn = ["softdep", "cxl_acpi", "pre:", "cxl_port"]
    private static let cxlFirst = ["softdep", "dax_hmem", "pre:", "cxl_pmem", "cxl_acpi", "cxl_pci", "cxl_mem"]

    func read() throws(InspectionError) -> Result {
        let persisted = try files.ownLines(Inspector.persistedPath)
        let now = try files.ownLines(Inspector.holdPath)
        let choice = try persisted.flatMap { lines throws(InspectionError) in try self.choice(lines) }
        if let now, !now.contains(Self.letIn), !Self.isWhole(now) {
            throw damaged(
                Inspector.holdPath,
                "it and \(Inspector.holdRulesPath), then run daxswitch apply again if the hold is needed"
            )
        }
        let gap = holdGap(isHeld: now.map(Self.isWhole) ?? false)
        guard now != nil || choice != nil else { return Result(isHeld: false, holdGap: gap, persisted: nil) }
        // Others may have a line that counts before ours: then ours are there and keep nothing out.
        let next = files.configuration(isOfNextBoot: true)
        let counts =
            switch choice {
            case .hmem: Self.keepsOut(next)
            case .cxl: next.softDependencies(of: "dax_hmem")?.before.starts(with: Self.cxlFirst.dropFirst(3)) == true
            case nil: false
            }
        return Result(
            isHeld: gap == nil && Self.keepsOut(files.configuration(isOfNextBoot: false)),
            holdGap: gap,
            persisted: counts ? choice : nil
        )
    }

    /// What the hold or the release lacks. A recorded machine need not have the rule: only the mark tells there.
    ///
    /// - Parameter isHeld: The drop-in of this boot has the lines that hold.
    private func holdGap(isHeld: Bool) -> String? {
        if tree.exists(Inspector.holdChangePath) {
            return "a hold or a release was interrupted (\(tree.display(Inspector.holdChangePath)))"
        }
        guard tree.isLive else { return nil }
        let lines = ((try? tree.text(Inspector.holdRulesPath)) ?? nil)?.lines.map(String.init) ?? []
        let hasRules = Self.rules.allSatisfy(lines.contains)
        if isHeld == hasRules { return nil }
        return isHeld
            ? "\(Inspector.holdPath) exists, but its udev rule \(Inspector.holdRulesPath) is missing"
            : "\(Inspector.holdRulesPath) exists, but its modprobe file \(Inspector.holdPath) is missing"
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
        if isHalf { throw damaged(Inspector.persistedPath, "it, then run daxswitch persist again if it is needed") }
        return nil
    }

    private func damaged(_ path: String, _ what: String) -> InspectionError {
        tree.damaged(path, "lines that daxswitch wrote are missing. Remove \(what)")
    }
}
