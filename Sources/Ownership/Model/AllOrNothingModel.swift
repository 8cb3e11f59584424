import Iomem
import Machine

// What dax_hmem's probe does on kernels of the generation all-or-nothing: one decision for all ranges in windows.
extension KernelModel {
    /// drivers/dax/hmem/hmem.c: dax_hmem_platform_probe(), and process_defer_work() where it is still to decide.
    func probingAllOrNothing() -> KernelModel {
        var model = self
        let isInWindow = constants.ranges.map { windowsAreLive && constants.meetsWindow($0) }
        let isDeciding = mode == .defer && isInWindow.contains(true)
        if isDeciding { model.decideMode(over: zip(constants.ranges, isInWindow).filter(\.1).map(\.0)) }
        var taken = TakenBytes(by: model.claims, registering: constants.ranges)
        let cutters = model.softReservedCutters
        // What meets no window is taken at once, the rest once it is decided.
        let places =
            constants.ranges.indices.filter { !isInWindow[$0] } + constants.ranges.indices.filter { isInWindow[$0] }
        var made: [(range: AddressRange, decision: Decision)] = []
        let left = Decision(
            [.allOrNothingCxl],
            "regions contained every range in a window when the kernel decided"
        )
        for place in places {
            let range = constants.ranges[place]
            if isInWindow[place] && model.mode == .drop {
                made.append((range, left))
                continue
            }
            guard !cutters.crosses(range) else {
                made += model.failingOnLine(over: range, isDeciding: isDeciding)
                break
            }
            model.softReservedLines.append(range)
            let (rule, why): (Rule, String) =
                if isInWindow[place] {
                    (.allOrNothingHmem, "at least one range in a window was in no region when the kernel decided")
                } else if constants.meetsWindow(range) {
                    (.noWindow, "\(whyNoWindows), so \(range) lies in no CXL window")
                } else {
                    (.outsideWindows, "\(range) lies in no CXL window")
                }
            made.append((range, model.register(range, at: place, rule, why, &taken)))
        }
        model.decide(made)
        if constants.claimsAwaitMode && has("dax_cxl") { model.claimRegions() }
        let isNew = model.claims.count > claims.count && !constants.regionIsIdle
        if isNew && has("kmem") { model.bindKmem() }
        return model
    }

    /// process_defer_work(): all ranges in windows are left to CXL, or none.
    private mutating func decideMode(over ranges: [AddressRange]) {
        let known = ProbedRegions(regions)
        mode = ranges.allSatisfy { known.committed(containing: $0) != nil } ? .drop : .register
        // Version 5: cxl_region_teardown_all() (drivers/cxl/core/region.c).
        if mode == .register && constants.claimsAwaitMode { removeRegions("when dax_hmem takes all ranges") }
    }

    /// The windows and regions: where an edge of one lies within a range, no line of iomem can be put over that
    /// (kernel/resource.c: insert_resource()).
    private var softReservedCutters: RangeIndex {
        RangeIndex(
            (windowsAreLive ? constants.windows : []) + regions.filter { $0.isPresent && $0.hasLine }.map(\.range)
        )
    }

    /// The walk over the ranges ends with -EBUSY. While the mode is being decided nobody asks for that; later the whole probe
    /// fails, and what it took goes (drivers/dax/hmem/hmem.c: add_soft_reserve_into_iomem()).
    ///
    /// - Returns: Why the ranges have no device.
    private mutating func failingOnLine(
        over range: AddressRange,
        isDeciding: Bool
    ) -> [(range: AddressRange, decision: Decision)] {
        let rest = isDeciding ? [range] : constants.ranges
        if !isDeciding {
            claims.removeAll { $0.owner == .hmem && $0.device == nil }
            softReservedLines = []
        }
        let decision = Decision([.softReservedLine], "a window or region boundary splits \(range) (-EBUSY)")
        return rest.map { ($0, decision) }
    }
}

extension UnknownFact {
    /// What the kernel has decided, once for all ranges, is shown nowhere.
    static func daxCxlMode(on machine: MachineState, _ model: KernelModel) -> UnknownFact? {
        guard model.constants.generation == .allOrNothing, machine.daxCxlMode.value == nil,
            !model.constants.windows.isEmpty
        else { return nil }
        return UnknownFact(
            .daxCxlMode,
            "dax_cxl_mode is unknown: all ranges in CXL windows may belong to dax_hmem or to CXL, or the kernel has not decided yet",
            or: [.modeIs(.drop), .modeIs(.defer)]
        )
    }

    static func claimsAwaitMode(on machine: MachineState, _ model: KernelModel) -> UnknownFact? {
        guard model.constants.generation == .allOrNothing, machine.kernel.claimsAwaitMode == nil,
            !model.constants.windows.isEmpty
        else { return nil }
        return UnknownFact(
            .claimsAwaitMode,
            "which version of the patch series this kernel has is not known: dax_cxl may take no region before dax_hmem has "
                + "decided (version 5)",
            or: [.claimsAwaitMode]
        )
    }
}
