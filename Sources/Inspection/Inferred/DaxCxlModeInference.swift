internal import Iomem
internal import Machine

/// Infers what a kernel of the generation `all-or-nothing` has decided about the ranges in windows.
///
/// It keeps that in `dax_cxl_mode` (drivers/dax/bus.c) and shows it nowhere. Only a reboot resets it.
struct DaxCxlModeInference {
    let state: MachineState
    let log: LoggedFacts

    func find() -> Inferred<DaxCxlMode?> {
        guard state.kernel.generation.value == .allOrNothing else {
            return Inferred(nil, evidence: ["Only kernels of the generation all-or-nothing have dax_cxl_mode."])
        }
        if log.takesAll {
            return Inferred(.register, evidence: ["The kernel log has \"\(LoggedFacts.takingAll)\"."])
        }
        let windows = state.windows
        if log.isWhole, !log.hasHostBridge, !windows.contains(where: \.isLive) {
            return Inferred(
                .defer,
                evidence: [
                    "The kernel log goes back to the boot and has no \"\(LoggedFacts.bridgeMark)\": there was no CXL window in "
                        + "this boot."
                ]
            )
        }
        let ranges = state.softReserved.filter { $0.hmemRange != nil }.map(\.range)
        let live = ranges.filter { range in windows.contains { $0.isLive && $0.range.overlaps(range) } }
        let held = state.daxDevices.filter { $0.owner == .hmem }.flatMap(\.ranges)
        guard state.modules.state(of: "dax_hmem") == .live, !state.hmemSettings.isDisabled,
            state.hmemDevices.allSatisfy(\.isBound)
        else { return unknown("dax_hmem is not loaded with all its devices, so nothing shows what it would do") }
        // The probe fails over one that a window's edge cuts.
        if let range = live.first(where: { range in !windows.contains { $0.range.contains(range) } }) {
            return unknown("\(range) reaches out of its CXL window, so dax_hmem takes none, whatever is decided")
        }
        // A range that meets a window is either taken, or left because all are. Before, each probe decides at once.
        if let range = live.first(where: { range in !held.contains { $0.overlaps(range) } }) {
            return Inferred(
                .drop,
                evidence: ["/proc/modules has dax_hmem, which did not take \(range), though it meets a CXL window."]
            )
        }
        return unknown(
            live.isEmpty
                ? "no Soft Reserved range meets a CXL window in /proc/iomem"
                : "dax_hmem holds \(live.words): it took all ranges, or there was no window yet"
        )
    }

    private func unknown(_ why: String) -> Inferred<DaxCxlMode?> { Inferred(nil, evidence: ["\(why)."]) }
}
