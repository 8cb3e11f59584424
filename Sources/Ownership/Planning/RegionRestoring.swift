import Iomem
import Machine

// What giving regions back adds to an order.
extension Planner {
    /// `order` with a step for each region of this boot that would be missing at its end and can be made again, in the order of
    /// addresses, behind the last step that takes something away: as early as the decoders can be programmed, so dax_hmem finds
    /// the regions when it is loaded.
    ///
    /// Of n regions and m steps it takes O(m n) questions to the model, and n regions are few.
    ///
    /// - Parameter before: Steps that are done before the order.
    func restoringRegions(_ order: [Step], after before: [Step] = []) -> [Step] {
        let known = start.models.flatMap(\.constants.layouts).uniqued()
        if known.isEmpty { return order }
        var moments = [Self.play(before, in: start.models)]
        for step in order { moments.append(Self.play([step], in: moments[moments.count - 1])) }
        let kept = Self.regionBytes(in: moments[order.count])
        let missing = known.filter { !kept.contains($0.range) }
        if missing.isEmpty { return order }
        let first = order.lastIndex { $0.verb == .unload }.map { $0 + 1 } ?? 0
        var best: (place: Int, steps: [Step]) = (first, [])
        for place in first...order.count {
            let steps = Self.restorable(missing, in: moments[place])
            let end = Self.play(steps + order[place...], in: moments[place])
            let there = Self.regionBytes(in: end)
            if missing.count(where: { there.contains($0.range) }) == steps.count, steps.count > best.steps.count {
                best = (place, steps)
            }
        }
        return Array(order[..<best.place]) + best.steps + order[best.place...]
    }

    /// Steps for those of `layouts` that can be made again in each of `models`, one after the other.
    private static func restorable(_ layouts: [RegionLayout], in models: [KernelModel]) -> [Step] {
        var models = models
        var steps: [Step] = []
        let there = regionBytes(in: models)
        for layout in layouts where !there.contains(layout.range) {
            let outcomes = models.map { $0.restoring(layout) }
            guard outcomes.allSatisfy({ $0.refusal == nil }) else { continue }
            steps.append(.restoreRegion(layout.name))
            models = outcomes.flatMap(\.models)
        }
        return steps
    }

    /// The bytes of the regions that are in each of `models`, committed or as locked ones without their memory devices.
    private static func regionBytes(in models: [KernelModel]) -> Set<AddressRange> {
        let sets = models.map { model in
            Set(model.regions.filter { $0.isCommitted || $0.life == .detached }.map(\.range))
        }
        return sets.dropFirst().reduce(sets.first ?? []) { $0.intersection($1) }
    }

    private static func play(_ steps: [Step], in models: [KernelModel]) -> [KernelModel] {
        steps.reduce(models) { models, step in models.flatMap { $0.applying(step).models }.distinct() }
    }

    /// Why regions of this boot that are gone stay so, where `policy` would make them again, a sentence each.
    func unrestoredNotes(_ policy: Policy?, _ walk: Walk) -> [String] {
        guard policy?.consent.restoreRegions == true else { return [] }
        let restored = walk.restoredRegions
        return machine.lostRegions.compactMap { region in
            let name = region.layout?.name
            if let name, restored.contains(name) { return nil }
            let why = walk.builder.models.lazy.compactMap { $0.whyNotRestorable(region.range) }.first
            return "\(name ?? "The region") (\(region.range)) was lost in this boot and is not created again"
                + (why.map { ": \($0)." } ?? ".")
        }
    }

    /// Whether this boot has lost a region that `policy` may make again.
    func hasLostRegion(for policy: Policy) -> Bool {
        policy.consent.restoreRegions && !machine.lostRegions.isEmpty
    }
}

extension Planner.Walk {
    /// The regions that go and come back by these steps, whose loss is then no hazard.
    var restoredRegions: Set<String> {
        Set(
            steps.compactMap(\.region).filter { name in
                builder.models.allSatisfy { model in
                    model.layout(toRestore: name).map { model.hasRegion(over: $0.range) } ?? false
                }
            }
        )
    }

    /// Whether regions are made again and then have the owner that is wanted over a region.
    func restores(for want: Policy.Want) -> Bool {
        let models = builder.models
        let ranges = restoredRegions.compactMap { models.first?.layout(toRestore: $0)?.range }
        return !ranges.isEmpty
            && ranges.allSatisfy { range in
                models.allSatisfy { model in want.coveredByRegion.map { model.owner(of: range) == $0 } ?? true }
            }
    }

    /// Without the hazards that the steps themselves make good.
    func forgivingRestored() -> Planner.Walk {
        let restored = restoredRegions
        if restored.isEmpty { return self }
        var walk = self
        walk.hazards.removeAll { $0.id == .regionLost && restored.contains($0.subject) }
        return walk
    }

    /// What becomes of the regions that are made again, a sentence each.
    var restoringNotes: [String] {
        let restored = restoredRegions
        return steps.enumerated().compactMap { place, step in
            guard let name = step.region, restored.contains(name),
                let layout = builder.models.first?.layout(toRestore: name)
            else { return nil }
            let goes = steps[..<place].lastIndex { $0.verb == .unload && ($0.module?.hasPrefix("cxl_") ?? false) }
            let when =
                goes.map { "goes with step \($0 + 1) and is created again by step \(place + 1)" }
                ?? "was lost in this boot and is created again by step \(place + 1)"
            return
                "\(name) (\(layout.range)) \(when), over the same bytes of the same memory devices. Its contents are not promised."
        }
    }
}

extension KernelModel {
    /// As this, once `region` and who has its bytes are gone and the drivers of CXL are in.
    func without(_ region: ModelRegion) -> KernelModel {
        var model = self
        model.regions.removeAll { $0.range == region.range }
        model.claims.removeAll { $0.excludes(region.range) }
        return model
    }

    /// Why the region over `range` can't be made again, in a clause; nil if it can, as far as it is known now.
    func whyNotRestorable(_ range: AddressRange) -> String? {
        guard let layout = constants.layouts.first(where: { $0.range == range }) else {
            return "its layout was not recorded"
        }
        return obstacle(toRestoring: layout)
    }
}
