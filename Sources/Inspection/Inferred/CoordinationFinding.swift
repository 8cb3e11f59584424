internal import Machine

/// Tells the coordination of 7.1 from version 7 of its series, which some kernels got as a backport and which lacks the
/// deferral on reload.
struct CoordinationFinding {
    let tree: any FileTree
    let state: MachineState
    let log: [String]

    /// The text of a debug message that came with the deferral (`hmem_register_device()`, drivers/dax/hmem/hmem.c).
    static let newText = "await CXL initial probe"
    /// A debug message that all versions have: without it the module was built without debug messages.
    private static let oldText = "deferring range to CXL"

    func find() throws(InspectionError) -> Finding<Generation?> {
        if log.contains(where: { $0.holds(Self.newText) }) {
            return Finding(.coordinated, evidence: ["The kernel log has \"\(Self.newText)\"."])
        }
        let module = try moduleFile()
        if module.value != nil { return module }
        if let version = KernelVersion(state.kernel.release), version >= .coordinating {
            let release = "/proc/sys/kernel/osrelease is \(state.kernel.release)"
            return Finding(
                .coordinated,
                evidence: module.evidence + ["\(release): from 7.1 on the coordination defers on reload."]
            )
        }
        // A global of built-in code in version 7 only; 7.1 keeps the flag in hmem_platform (drivers/dax/hmem/device.c).
        if let symbols = try tree.read("/proc/kallsyms"), symbols.holds(" dax_hmem_initial_probe") {
            return Finding(
                .unfixed,
                evidence: module.evidence + ["/proc/kallsyms has dax_hmem_initial_probe."]
            )
        }
        let release = "/proc/sys/kernel/osrelease is \(state.kernel.release)"
        return Finding(
            nil,
            evidence: module.evidence + [
                "\(release): a backport, and nothing tells whether it defers on reload (coordinated) or not (unfixed)."
            ]
        )
    }

    /// What the text in the file of dax_hmem says; the value is nil where it can't be read.
    private func moduleFile() throws(InspectionError) -> Finding<Generation?> {
        let directory = "/lib/modules/\(state.kernel.release)"
        guard let list = try tree.text("\(directory)/modules.dep"),
            let line = list.split(separator: "\n").first(where: {
                ModuleReading.name($0.prefix { $0 != ":" }) == "dax_hmem"
            })
        else { return Finding(nil, evidence: []) }
        let path = "\(directory)/\(line.prefix { $0 != ":" })"
        guard path.hasSuffix(".ko") else {
            return Finding(nil, evidence: ["\(path) is compressed and was not looked into."])
        }
        guard let bytes = try tree.read(path) else { return Finding(nil, evidence: ["\(path) is not there."]) }
        if bytes.holds(Self.newText) {
            return Finding(.coordinated, evidence: ["\(path) has the text \"\(Self.newText)\"."])
        }
        guard bytes.holds(Self.oldText) else {
            return Finding(nil, evidence: ["\(path) was built without debug messages, which would tell."])
        }
        return Finding(.unfixed, evidence: ["\(path) lacks the text \"\(Self.newText)\"."])
    }
}
