internal import Machine

/// Tells the coordination of 7.1 from version 7 of its series, which some kernels got as a backport and which lacks the
/// deferral on reload.
struct CoordinationInference {
    let state: MachineState
    let sources: MachineSources
    /// The file of dax_hmem; nil where it is not known.
    let hmemFile: String?

    func find() throws(InspectionError) -> Inferred<Generation?> {
        if sources.log.awaitsProbe {
            return Inferred(.coordinated, evidence: ["The kernel log has \"\(LoggedFacts.awaitingProbe)\"."])
        }
        let module = try moduleFile()
        if module.value != nil { return module }
        if let version = KernelVersion(state.kernel.release), version >= .coordinating {
            let release = "/proc/sys/kernel/osrelease is \(state.kernel.release)"
            return Inferred(
                .coordinated,
                evidence: module.evidence + [
                    "\(release). Kernels 7.1 and later leave ranges in a window to CXL when dax_hmem is loaded again."
                ]
            )
        }
        // A global of built-in code in version 7 only; 7.1 keeps the flag in hmem_platform (drivers/dax/hmem/device.c).
        if try sources.symbols.has("dax_hmem_initial_probe") {
            return Inferred(
                .unfixed,
                evidence: module.evidence + ["/proc/kallsyms has dax_hmem_initial_probe."]
            )
        }
        let release = "/proc/sys/kernel/osrelease is \(state.kernel.release)"
        return Inferred(
            nil,
            evidence: module.evidence + [
                "\(release): a backport. Whether it defers on reload (coordinated) or not (unfixed) is not visible."
            ]
        )
    }

    /// What the text in the file of dax_hmem says; the value is nil where it can't be read.
    private func moduleFile() throws(InspectionError) -> Inferred<Generation?> {
        guard let path = hmemFile else { return Inferred(nil, evidence: []) }
        guard path.hasSuffix(".ko") else {
            return Inferred(nil, evidence: ["\(path) is compressed and was not searched."])
        }
        guard let bytes = try sources.tree.read(path) else { return Inferred(nil, evidence: ["\(path) is missing."]) }
        if bytes.holds(LoggedFacts.awaitingProbe) {
            return Inferred(.coordinated, evidence: ["\(path) has the text \"\(LoggedFacts.awaitingProbe)\"."])
        }
        guard bytes.holds(LoggedFacts.deferring) else {
            return Inferred(nil, evidence: ["\(path) was built without the debug messages that would show it."])
        }
        return Inferred(.unfixed, evidence: ["\(path) lacks the text \"\(LoggedFacts.awaitingProbe)\"."])
    }
}
