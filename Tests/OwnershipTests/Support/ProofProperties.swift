import Iomem
import Machine

@testable import Ownership

/// What must be true of every plan, each found in its own way: nothing here asks the planner's own search for hazards.
struct ProofProperties {
    let state: ProofState
    let plan: Plan

    private static let anything = Policy.Want(coveredByRegion: nil, windowOnly: nil, outsideWindows: nil)

    private var hazards: Set<Hazard.Identifier> { plan.hazardIDs }

    /// No end that the prediction excluded.
    func excludedOwners() -> [String] {
        state.playing(plan.steps).flatMap { end in
            plan.prediction.ranges.compactMap { predicted in
                let owner = end.model.owner(of: predicted.range)
                return predicted.owners.contains(owner)
                    ? nil : "\(predicted.range) ends with \(owner), predicted \(predicted.owners.sorted())"
            }
        }
    }

    /// Nothing bad on the way that the plan does not list.
    ///
    /// - Parameter consent: what the policy may do without asking is no hazard.
    func unlisted(consent: Policy.Consent) -> [String] {
        var found: Set<Hazard.Identifier> = []
        var models = [state.model]
        for (index, step) in plan.steps.enumerated() {
            models = models.flatMap { before in
                let outcome = before.applying(step)
                if outcome.refusal != nil { found.insert(.stepRefused) }
                for after in outcome.models {
                    found.formUnion(seen(step, before, after, earlier: plan.steps.prefix(index)))
                }
                return outcome.models
            }
        }
        for end in models { found.formUnion(ends(end)) }
        if consent.loseRegions { found.remove(.regionLost) }
        return found.subtracting(hazards).map(\.rawValue).sorted()
    }

    private func seen(
        _ step: Step,
        _ before: KernelModel,
        _ after: KernelModel,
        earlier: ArraySlice<Step>
    ) -> Set<Hazard.Identifier> {
        var found: Set<Hazard.Identifier> = []
        let goes = ["cxl_acpi", "cxl_pci", "cxl_mem"].contains { step == .unload($0) } && before != after
        if goes, before.regions.contains(where: { $0.isPresent && $0.isCommitted && !$0.keepsDecoders }) {
            found.insert(.regionLost)
        }
        let lostDevices = before.claims.filter { claim in
            claim.driver == "kmem" && !after.claims.contains { $0.ranges == claim.ranges && $0.owner == claim.owner }
        }
        if lostDevices.contains(where: { claim in before.onlineBlocks.contains(where: claim.overlaps) }) {
            found.insert(.memoryOnline)
        }
        let dead = { (model: KernelModel) in
            model.onlineBlocks.filter { block in model.undecoded.contains { $0.overlaps(block) } }.count
        }
        if dead(after) > dead(before) { found.insert(.decodeUnderLiveMemory) }
        let missing = after.undecoded.flatMap { $0.subtracting(state.missingUnseen) }
        for claim in after.claims where claim.owner == .hmem && missing.contains(where: claim.overlaps) {
            if !before.claims.contains(where: { $0.owner == .hmem && $0.ranges == claim.ranges }) {
                found.insert(.undecodedRange)
            }
        }
        if step == .load("dax_hmem"), earlier.contains(.unload("cxl_acpi")), !before.windowsAreLive,
            after.windowsAreLive
        {
            found.insert(.selfUndoing)
        }
        return found
    }

    private func ends(_ end: KernelModel) -> Set<Hazard.Identifier> {
        var found: Set<Hazard.Identifier> = []
        for block in state.scenario.blocks where !plan.isEmpty {
            let (now, then) = (state.model.owner(of: block), end.owner(of: block))
            if now != .none && then == .none && !isNoMemory(block) { found.insert(.orphanedRange) }
            if now != .both && then == .both { found.insert(.doubleClaim) }
        }
        return found
    }

    /// No decoder answers for the block, and a region or window cuts the device over it, or it is what an SRAT range has beyond
    /// its memory: nobody loses anything with that.
    private func isNoMemory(_ block: AddressRange) -> Bool {
        let model = state.model
        let edges =
            (model.windowsAreLive ? model.constants.windows : []) + model.regions.filter(\.isPresent).map(\.range)
        return !state.scenario.ranges.contains(where: block.overlaps)
            || model.undecoded.contains { $0.contains(block) }
                && model.claims.flatMap(\.ranges).contains { device in
                    device.overlaps(block) && edges.contains { $0.overlaps(device) && !$0.contains(device) }
                }
    }

    /// What is wanted holds: no step but the release of a hold over a `cxl_acpi` that is in; nothing refuses the steps: they lead to it.
    func unfulfilled(_ policy: Policy) -> [String] {
        var found: [String] = []
        let wishes = state.wishes(of: policy.want)
        let isLeft = state.model.isHeld && state.model.has("cxl_acpi") && plan.steps == [.release]
        if policy.want != Self.anything, state.model.seesDecoders, !plan.isEmpty, !isLeft, state.fulfils(wishes) {
            found.append("it holds, and steps are planned")
        }
        if hazards.isEmpty {
            let ends = state.playing(plan.steps)
            if ends.isEmpty || !ends.allSatisfy({ $0.fulfils(wishes) }) {
                found.append("ends elsewhere, and nothing says so")
            }
        }
        return found
    }

    /// Planned again where a plan without hazards leads, it is empty or refused.
    func changesAgain(_ policy: Policy) -> [String] {
        guard hazards.isEmpty, !plan.isEmpty else { return [] }
        // A policy without a wish is never content.
        if policy.want == Self.anything { return [] }
        return state.playing(plan.steps).compactMap { end in
            guard let again = end.plan(policy), !again.isEmpty, again.hazardIDs.isEmpty else { return nil }
            return "planned again: \(again.steps.map(\.description))"
        }
    }
}

// What the planner can't know: there its plans can pass by a hazard.
extension ProofState {
    /// Bytes without a decoder that the planner can't know of: the firmware calls them memory and has programmed none.
    ///
    /// It is trusted for as long as nothing can have reset a decoder.
    var missingUnseen: [AddressRange] {
        guard !model.seesDecoders && remembered == nil else { return [] }
        let isLocked = scenario.cover.hasLocks && scenario.generation != .deferring
        return !wasBound || isLocked || scenario.generation == .hmemOnly ? scenario.boot.undecoded : []
    }
}

extension ProofState {
    /// The planner's plan for what a reader finds in this state; nil where it makes none.
    func plan(_ policy: Policy) -> Plan? { try? Planner(machine: machine).plan(policy) }
}
