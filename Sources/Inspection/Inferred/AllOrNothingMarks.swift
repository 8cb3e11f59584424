internal import Iomem
internal import Machine

/// What only versions 5 and 6 of the coordination's series have, which a vendor ships (`Generation.allOrNothing`).
///
/// The release says nothing: the same numbers are on kernels without it.
struct AllOrNothingMarks {
    let state: MachineState
    let sources: MachineSources
    /// The file of dax_hmem; nil where it is not known.
    let hmemFile: String?

    /// What was found.
    struct Found {
        /// The marks, a sentence each.
        var marks: [String] = []
        /// Why the kernel can't be one of these, a sentence; nil where nothing rules it out.
        var contrary: String?
        /// dax_cxl waits for the mode (version 5), or it doesn't (version 6); nil where that is not known.
        var claimsAwaitMode: Bool?
    }

    /// The variable that both versions keep their decision in (drivers/dax/bus.c).
    static let mode = "dax_cxl_mode"
    /// What version 5 calls when dax_hmem takes all ranges (drivers/cxl/core/region.c).
    private static let teardown = "cxl_region_teardown_all"
    /// What version 6 has for its deferred work (drivers/dax/bus.c).
    private static let deferredWork = "dax_hmem_register_work"
    /// A variable of every kernel: a list that lacks it has functions only (CONFIG_KALLSYMS_ALL).
    private static let data = "init_task"

    /// The symbols that tell.
    static let symbols = [mode, teardown, deferredWork, data]

    /// What the kernel log has: version 6 warns when dax_hmem takes all ranges, at a level that is always printed.
    static func logged(_ log: LoggedFacts) -> Found {
        guard log.takesAll else { return Found() }
        return Found(
            marks: ["The kernel log has \"\(LoggedFacts.takingAll)\", which only version 6 of the series prints."],
            claimsAwaitMode: false
        )
    }

    /// What the log, dax_hmem's file and the kernel's symbols have.
    func find() throws(InspectionError) -> Found {
        var found = Self.logged(sources.log)
        try lookIntoModule(&found)
        try lookIntoSymbols(&found)
        return found
    }

    /// A module names the symbols that it needs of the kernel.
    private func lookIntoModule(_ found: inout Found) throws(InspectionError) {
        guard let path = hmemFile, path.hasSuffix(".ko"), let bytes = try sources.tree.read(path) else { return }
        guard bytes.holds(Self.mode) || bytes.holds(LoggedFacts.takingAll) else {
            found.contrary = "\(path) lacks \(Self.mode)."
            return
        }
        found.marks.append("\(path) has \(bytes.holds(Self.mode) ? Self.mode : "\"\(LoggedFacts.takingAll)\"").")
        if bytes.holds(LoggedFacts.takingAll) || bytes.holds(Self.deferredWork) { found.claimsAwaitMode = false }
        if bytes.holds(Self.teardown) { found.claimsAwaitMode = true }
    }

    private func lookIntoSymbols(_ found: inout Found) throws(InspectionError) {
        let file = "/proc/kallsyms"
        guard try sources.symbols.has(Self.mode) else {
            // The variable is in the code of the dax bus, which has to be in.
            let isIn = state.modules.builtin.contains("dax") || state.modules.loaded["dax"] != nil
            if isIn, found.contrary == nil, try sources.symbols.has(Self.data) {
                found.contrary = "\(file) lacks \(Self.mode)."
            }
            return
        }
        found.marks.append("\(file) has \(Self.mode).")
        if try sources.symbols.has(Self.teardown) { found.claimsAwaitMode = true }
        if try sources.symbols.has(Self.deferredWork) { found.claimsAwaitMode = false }
    }
}
