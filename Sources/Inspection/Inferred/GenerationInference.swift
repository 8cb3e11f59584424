internal import Iomem
internal import Machine

/// Finds out which ownership rules the kernel follows, from what it shows and not from its version.
///
/// Each feature leaves some generations possible; what all of them leave is the answer. Only where the features of the
/// modules decide nothing, the dialect of `/proc/iomem` does, and only where that leaves two, the release.
/// The evidence names files as they are on the machine, so it does not change with the place of a capture.
struct GenerationInference {
    let state: MachineState
    let sources: MachineSources
    /// The file of dax_hmem; nil where it is not known.
    let hmemFile: String?
    /// The marks of a vendor's kernels.
    let marks: AllOrNothingMarks

    /// What was found.
    struct Found {
        /// The generation with the facts behind it; nil where they don't decide.
        let generation: Inferred<Generation?>
        /// `Kernel.claimsAwaitMode`.
        var claimsAwaitMode: Bool?
    }

    /// What one fact leaves possible.
    private struct Clue {
        var possible: Set<Generation>
        var evidence: String
    }

    /// The two that let dax_cxl wait for dax_hmem (`dax_hmem_flush_work()`, drivers/dax/hmem/device.c).
    private static let coordinating: Set<Generation> = [.coordinated, .unfixed]

    func find() throws(InspectionError) -> Found {
        var clues = try moduleClues() + deviceClues()
        let possible = clues.reduce(Set(Generation.allCases)) { $0.intersection($1.possible) }
        // The kernel's symbols are megabytes: they are looked at where they can decide.
        let vendors =
            possible.contains(.allOrNothing) && mayHaveDax
            ? try marks.find() : AllOrNothingMarks.logged(sources.log)
        guard vendors.marks.isEmpty else {
            clues += vendors.marks.map { Clue(possible: [.allOrNothing], evidence: $0) }
            if sources.log.awaitsProbe {
                let evidence = "The kernel log has \"\(LoggedFacts.awaitingProbe)\", as from 7.1 on."
                clues.append(Clue(possible: [.coordinated], evidence: evidence))
            }
            let left = clues.reduce(Set(Generation.allCases)) { $0.intersection($1.possible) }
            let evidence = clues.map(\.evidence)
            return Found(
                generation: left.isEmpty ? Self.contradiction(evidence) : Inferred(.allOrNothing, evidence: evidence),
                claimsAwaitMode: vendors.claimsAwaitMode
            )
        }
        return Found(generation: try upstream(possible, clues.map(\.evidence), vendors.contrary))
    }

    private static func contradiction(_ evidence: [String]) -> Inferred<Generation?> {
        Inferred(nil, evidence: evidence + ["These facts contradict each other, so none of them counts."])
    }

    /// The answer for a kernel that shows no mark of the vendor's.
    ///
    /// - Parameter contrary: Why it is not one of them, as a sentence; nil where that is not known.
    private func upstream(
        _ clues: Set<Generation>,
        _ evidence: [String],
        _ contrary: String?
    ) throws(InspectionError) -> Inferred<Generation?> {
        var (possible, evidence) = (clues, evidence)
        if possible.isEmpty { return Self.contradiction(evidence) }
        if let contrary, possible.count < Generation.allCases.count, possible.remove(.allOrNothing) != nil {
            evidence.append(contrary)
            if possible.isEmpty { return Self.contradiction(evidence) }
        }
        if possible == [.allOrNothing] {
            return Inferred(
                nil,
                evidence: evidence + [
                    "Only vendor kernels (all-or-nothing) match this, and no mark of a vendor was found."
                ]
            )
        }
        if possible.count == 1 { return Inferred(possible.first, evidence: evidence) }
        if possible.subtracting([.allOrNothing]) == Self.coordinating {
            let fixed = try CoordinationInference(state: state, sources: sources, hmemFile: hmemFile).find()
            return Inferred(fixed.value, evidence: evidence + fixed.evidence)
        }
        let dialect = dialect(mayBeVendors: possible.contains(.allOrNothing))
        evidence += dialect.evidence
        guard var generation = dialect.value else { return Inferred(nil, evidence: evidence) }
        // What coordinates with dax_cxl takes everything where the kernel has none.
        if lacksDaxCxl && generation == .coordinated { generation = .hmemOnly }
        guard possible.contains(generation) else {
            return Self.contradiction(evidence)
        }
        return Inferred(generation, evidence: evidence)
    }

    private func moduleClues() throws(InspectionError) -> [Clue] {
        var clues: [Clue] = []
        let modules = state.modules
        let directory = "/lib/modules/\(state.kernel.release)"
        if let dependencies = modules.dependencies {
            if let needed = dependencies["dax_cxl"] {
                let needs = needed.contains("dax_hmem")
                // depmod lists no dependency on what is built in.
                if needs || !isHmemBuiltIn {
                    clues.append(
                        Clue(
                            possible: needs ? Self.coordinating : [.deferring, .allOrNothing],
                            evidence:
                                "\(directory)/modules.dep: dax_cxl \(needs ? "depends" : "does not depend") on dax_hmem."
                        )
                    )
                }
            } else if lacksDaxCxl {
                clues.append(clueWithoutDaxCxl(directory))
            }
        }
        if modules.softDependencies?["dax_hmem"]?.contains("cxl_acpi") == true {
            clues.append(
                Clue(possible: [.deferring], evidence: "\(directory)/modules.softdep: dax_hmem has \"pre: cxl_acpi\".")
            )
        }
        if let clue = clueOfMissingSoftDependency(directory) { clues.append(clue) }
        let file = "/proc/modules"
        if let hmem = modules.loaded["dax_hmem"], let cxl = modules.loaded["dax_cxl"], hmem.isLive, cxl.isLive {
            let uses = hmem.users.contains("dax_cxl")
            clues.append(
                Clue(
                    possible: uses ? Self.coordinating : [.deferring, .allOrNothing],
                    evidence:
                        "\(file): dax_hmem and dax_cxl are loaded, dax_hmem is \(uses ? "" : "not ")used by dax_cxl."
                )
            )
        } else if modules.loaded["dax_cxl"] != nil {
            clues.append(
                Clue(
                    possible: Self.coordinating.union([.deferring, .allOrNothing]),
                    evidence: "\(file): dax_cxl is loaded."
                )
            )
        }
        if isHmemBuiltIn, let clue = try symbolClue() { clues.append(clue) }
        return clues
    }

    /// Upstream, a dax_hmem that defers has the soft dependency where it and `cxl_acpi` are modules (drivers/dax/hmem/hmem.c,
    /// IS_MODULE(CONFIG_CXL_ACPI)). A vendor ships versions of the coordination that have none and decide by other rules.
    private func clueOfMissingSoftDependency(_ directory: String) -> Clue? {
        let modules = state.modules
        guard let soft = modules.softDependencies, let known = modules.dependencies, known["dax_hmem"] != nil,
            known["cxl_acpi"] != nil, !lacksDaxCxl, soft["dax_hmem"]?.contains("cxl_acpi") != true,
            known["dax_cxl"]?.contains("dax_hmem") != true
        else { return nil }
        return Clue(
            possible: [.allOrNothing],
            evidence:
                "\(directory)/modules.softdep: dax_hmem has no \"pre: cxl_acpi\", but both are modules and dax_cxl does "
                + "not depend on dax_hmem. Only vendor kernels match this."
        )
    }

    /// The kernel has one of the drivers that decide, or nothing lists what it has.
    private var mayHaveDax: Bool {
        let modules = state.modules
        guard let dependencies = modules.dependencies else { return true }
        return ["dax_hmem", "dax_cxl"].contains { dependencies[$0] != nil || modules.builtin.contains($0) }
    }

    private var isHmemBuiltIn: Bool { state.modules.builtin.contains("dax_hmem") }

    /// The kernel's own list of symbols has those of a dax_hmem in its image.
    private func symbolClue() throws(InspectionError) -> Clue? {
        let file = "/proc/kallsyms"
        guard try sources.symbols.has("dax_hmem_probe") else { return nil }
        let coordinates = try sources.symbols.has("dax_hmem_flush_work")
        return Clue(
            possible: Set([.allOrNothing]).union(coordinates ? Self.coordinating : [.hmemOnly, .deferring]),
            evidence: "\(file) has \(coordinates ? "" : "no ")dax_hmem_flush_work."
        )
    }

    private func deviceClues() -> [Clue] {
        guard let device = state.hmemDevices.first else { return [] }
        let bus = "/sys/bus/platform/devices"
        guard device.isBelowPlatform else {
            return [
                Clue(
                    possible: [.hmemOnly, .deferring, .unfixed, .allOrNothing],
                    evidence: "\(bus)/\(device.name) is not below hmem_platform.0."
                )
            ]
        }
        // Without dax_cxl there is nothing to coordinate with: then dax_hmem owns everything, on any kernel.
        let possible = lacksDaxCxl ? Self.coordinating.union([.hmemOnly]) : Self.coordinating
        return [Clue(possible: possible, evidence: "\(bus)/\(device.name) is below hmem_platform.0.")]
    }

    /// The kernel has dax_hmem and no dax_cxl, as its list of modules says.
    private var lacksDaxCxl: Bool {
        let modules = state.modules
        guard let dependencies = modules.dependencies, dependencies["dax_cxl"] == nil else { return false }
        return !modules.builtin.contains("dax_cxl")
            && (dependencies["dax_hmem"] != nil || modules.builtin.contains("dax_hmem"))
    }

    /// 6.3 to 7.0 defer wherever CXL regions are built in, with a dax_cxl or without (hmem_register_device(),
    /// CONFIG_CXL_REGION); from 7.1 on only with one (CONFIG_DEV_DAX_CXL); before 6.3 never. The soft dependency is that of a
    /// module on a module: it is there only where `cxl_acpi` is one (drivers/dax/hmem/hmem.c, IS_MODULE(CONFIG_CXL_ACPI)).
    private func clueWithoutDaxCxl(_ directory: String) -> Clue {
        let evidence =
            "\(directory)/modules.dep has dax_hmem and no dax_cxl: the kernel is older than 6.3, or was built without "
            + "CONFIG_DEV_DAX_CXL"
        guard let soft = state.modules.softDependencies else {
            return Clue(possible: [.hmemOnly, .deferring], evidence: "\(evidence).")
        }
        let defers = soft["dax_hmem"]?.contains("cxl_acpi") == true
        for name in ["cxl_acpi", "dax_hmem"] where !defers && state.modules.builtin.contains(name) {
            return Clue(
                possible: [.hmemOnly, .deferring],
                evidence: "\(evidence); \(name) is built in, so modules.softdep can't show it."
            )
        }
        let sign = "modules.softdep has \(defers ? "" : "no ")\"dax_hmem pre: cxl_acpi\""
        return Clue(possible: defers ? [.deferring] : [.hmemOnly], evidence: "\(evidence); \(sign).")
    }
}
