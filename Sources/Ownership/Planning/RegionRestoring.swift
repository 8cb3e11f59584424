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
        let present = machine.layouts(of: machine.regions.filter(\.committed))
        // One that has the bytes of a lost region is newer than that: it must not be lost for it.
        let known = start.models.flatMap(\.constants.layouts).uniqued().filter { layout in
            !present.contains { $0.range != layout.range && $0.takesBytes(of: layout) }
        }
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
            steps.append(.restoreRegion(layout.name, layout.range))
            models = outcomes.flatMap(\.models)
        }
        return steps
    }

    /// The bytes of the regions that are in each of `models`, committed or as locked ones without their memory devices.
    static func regionBytes(in models: [KernelModel]) -> Set<AddressRange> {
        let sets = models.map { model in
            Set(model.regions.filter(\.hasItsBytes).map(\.range))
        }
        return sets.dropFirst().reduce(sets.first ?? []) { $0.intersection($1) }
    }

    static func play(_ steps: [Step], in models: [KernelModel]) -> [KernelModel] {
        steps.reduce(models) { models, step in models.flatMap { $0.applying(step).models }.distinct() }
    }

    /// Why lost regions stay so, where `policy` would create them again, a sentence each.
    func unrestoredNotes(_ policy: Policy?, _ walk: Walk) -> [String] {
        guard let policy else { return [] }
        guard policy.consent.restoreRegions else {
            return overrides.regions == nil
                ? []
                : [
                    "--regions-from has no effect: policy \(policy.name) has restore_regions = false. Use policy cxl or reload."
                ]
        }
        let restored = walk.restoredRegions
        let pmem = machine.lostPmem.map { region in
            "\(region.layout.name) (\(region.layout.range)) was lost in this boot with \(region.words). It is not created again: "
                + "\(KernelModel.persistent)."
        }
        return pmem
            + machine.lostRegions.filter { !restored.contains($0.range) }.map { region in
                let why = obstacle(region.range, walk)
                return "\(lossWords(region.range)). It is not created again: "
                    + (why ?? "with the steps of this policy it is not certain to work") + "."
            }
    }

    /// Why the lost region over `range` is not created again, as a clause; nil if no reason is certain.
    private func obstacle(_ range: AddressRange, _ walk: Walk) -> String? {
        let models = walk.builder.models
        // Without decoders in sight a reason may be that of one possible state among others.
        if !machine.seesDecoders, Set(models.map { $0.whyNotRestorable(range) }).count > 1 {
            return "no CXL decoder is visible. Run `\(machine.commandShowingCxl)`, then plan again"
        }
        let after = models.lazy.compactMap { $0.whyNotRestorable(range) }.first
        // What the steps themselves give to dax_hmem it does not have yet.
        guard start.models.allSatisfy({ $0.hmemClaim(over: range) == nil }),
            let claim = models.lazy.compactMap({ $0.hmemClaim(over: range) }).first,
            after == KernelModel.obstacle(claim)
        else { return after }
        return start.models.lazy.compactMap { $0.whyNotRestorable(range) }.first
            ?? "after these steps dax_hmem may have bytes of it (\(claim.name)). Carry them out, then run `daxswitch plan cxl`"
    }

    /// That the region over `range` is gone, and how that is known, as the beginning of a sentence.
    private func lossWords(_ range: AddressRange) -> String {
        let name = machine.layouts.first { $0.range == range }?.name
        let subject = name.map { "\($0) (\(range))" } ?? "The region over \(range)"
        return isOfFile(range)
            ? "\(subject) is in \(overrides.regions?.file ?? "the capture") but not on this machine"
            : "\(subject) was lost in this boot"
    }

    /// Whether only `--regions-from` tells of the region over `range`.
    func isOfFile(_ range: AddressRange) -> Bool {
        overrides.regions?.layouts.contains { $0.range == range } == true && !seen.contains(range)
    }

    /// The bytes of the regions that this boot is known to have lost.
    private var seen: Set<AddressRange> { Set(machine.remembered?.regions.map(\.range) ?? []).union(lostBefore) }

    /// What becomes of the regions that are created again, some sentences each.
    ///
    /// - Parameter asked: The steps that were asked for, with needless ones.
    func restoringNotes(_ walk: Walk, _ asked: [Step], leavesIdle: Bool) -> [String] {
        let restored = walk.restoredRegions
        let absences = absences(during: walk.steps)
        return walk.steps.enumerated().compactMap { place, step in
            guard let layout = walk.layout(step), restored.contains(layout.range) else { return nil }
            let again = "creates it again at the same addresses, on the same parts of the same memory devices."
            let promise = "Its contents are not promised."
            if let absence = absences.first(where: { $0.restoration == place }) {
                return
                    "Step \(absence.removal + 1) removes \(layout.name) (\(layout.range)) and step \(place + 1) \(again) "
                    + "In between it is gone. \(promise)"
            }
            let devices = deviceNote(layout, asked, leavesIdle: leavesIdle)
            return "\(lossWords(layout.range)). Step \(place + 1) \(again) \(promise)"
                + (devices.map { " \($0)" } ?? "")
        }
    }

    /// Whether this boot has lost a region that `policy` may create again.
    func hasLostRegion(for policy: Policy) -> Bool {
        policy.consent.restoreRegions && !machine.lostRegions.isEmpty
    }
}

extension Planner.Walk {
    /// The layout that a step names.
    func layout(_ step: Step) -> RegionLayout? {
        step.region.flatMap { builder.models.first?.layout(toRestore: $0, step.range) }
    }

    /// The bytes of the regions that these steps create again, whose loss is then no hazard.
    var restoredRegions: Set<AddressRange> {
        let models = builder.models
        return Set(
            steps.compactMap { layout($0)?.range }
                .filter { range in models.allSatisfy { $0.hasRegion(over: range) } }
        )
    }

    /// Whether regions are created again and then have the owner that is wanted over a region.
    func restores(for want: Policy.Want) -> Bool {
        let models = builder.models
        let ranges = restoredRegions
        return !ranges.isEmpty
            && ranges.allSatisfy { range in
                models.allSatisfy { model in want.coveredByRegion.map { model.owner(of: range) == $0 } ?? true }
            }
    }

    /// Without the hazards that the steps themselves undo.
    func forgivingRestored() -> Planner.Walk {
        let restored = restoredRegions
        if restored.isEmpty { return self }
        var walk = self
        walk.hazards.removeAll { hazard in hazard.id == .regionLost && hazard.ranges.allSatisfy(restored.contains) }
        return walk
    }
}

extension KernelModel {
    /// This model without `region` and the owners of its bytes.
    func without(_ region: ModelRegion) -> KernelModel {
        var model = self
        model.regions.removeAll { $0.range == region.range }
        model.claims.removeAll { $0.excludes(region.range) }
        return model
    }

    /// Why the region over `range` can't be created again once the drivers of CXL are in, in a clause; nil if it can, as far as it
    /// is known now.
    func whyNotRestorable(_ range: AddressRange) -> String? {
        let layout = constants.layouts.first { $0.range == range }
        let why = layout.map { obstacle(toRestoring: $0, withDrivers: true) } ?? Self.withoutLayout
        return why == Self.withoutLayout ? "\(Self.withoutLayout). Use \(Self.layoutSource)" : why
    }
}
