internal import Machine

/// Reads what daxswitch wrote for modprobe: the drop-in of this boot and the one for the boots to come.
struct DropInReading {
    let tree: any FileTree

    /// What the drop-ins say.
    struct Result {
        /// `cxl_acpi` is kept out now.
        var isHeld: Bool
        /// What is persisted.
        var persisted: BootChoice?
    }

    func read() throws(InspectionError) -> Result {
        let persisted = try tree.text(Inspector.persistedPath).flatMap(Self.choice)
        guard let text = try tree.text(Inspector.holdPath) else {
            return Result(isHeld: persisted == .hmem, persisted: persisted)
        }
        let lines = Self.words(text)
        if lines.contains(["softdep", "cxl_acpi", "pre:", "cxl_port"]) {
            return Result(isHeld: false, persisted: persisted)
        }
        // Half a hold keeps nothing out: without the first line libkmod passes over the second.
        guard lines.contains(["softdep", "cxl_acpi", "pre:"]), lines.contains(["install", "cxl_acpi", "/bin/false"])
        else {
            throw tree.damaged(
                Inspector.holdPath,
                "this is not the whole of what daxswitch writes there; remove the file, and hold anew where it is needed"
            )
        }
        return Result(isHeld: true, persisted: persisted)
    }

    /// What the lines that count say, whatever was edited around them.
    private static func choice(_ text: String) -> BootChoice? {
        let lines = words(text)
        // Without a command the line counts for nothing.
        if lines.contains(where: { $0.starts(with: ["install", "cxl_acpi"]) && $0.count > 2 }) { return .hmem }
        return lines.contains { $0.starts(with: ["softdep", "dax_hmem", "pre:", "cxl_pmem", "cxl_acpi"]) } ? .cxl : nil
    }

    private static func words(_ text: String) -> [[Substring]] {
        text.split(separator: "\n").map { $0.split(separator: " ") }
    }
}
