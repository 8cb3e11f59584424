import Iomem
import Machine

// What the dax devices of lost regions add to an order.
extension Planner {
    /// `order` with steps behind it that create the dax devices of each lost region that it creates, and restore their use, as far
    /// as that was recorded. They are left out if they would add a hazard or a doubt.
    ///
    /// A region that the steps themselves take away is left to `givingMemoryBack`: the machine shows its devices.
    func restoringDevices(_ order: [Step], leavingIdle: Bool) -> [Step] {
        if leavingIdle { return order }
        let lost = lostLayouts(createdBy: order)
        if lost.isEmpty { return order }
        var models = Self.play(order, in: start.models)
        var steps: [Step] = []
        for layout in lost {
            guard let own = layout.deviceSteps(inBlocksOf: machine.memory.blockSize),
                let after = Self.doing(own, in: models)
            else { continue }
            steps += own
            models = after
        }
        if steps.isEmpty { return order }
        let (bare, full) = (walk(order, policy: nil), walk(order + steps, policy: nil))
        let isHarmless =
            full.hazards.allSatisfy(bare.hazards.covers)
            && (full.prediction.isCertain || !bare.prediction.isCertain)
        return isHarmless ? order + steps : order
    }

    /// Those that steps of `order` create and that the machine does not have.
    private func lostLayouts(createdBy order: [Step]) -> [RegionLayout] {
        guard let model = start.models.first else { return [] }
        return order.compactMap { step in
            step.region.flatMap { model.layout(toRestore: $0, step.range) }
        }.filter { layout in !machine.regions.contains { $0.committed && $0.range == layout.range } }.uniqued()
    }

    /// `models` after `steps`; nil if one of them may be refused.
    static func doing(_ steps: [Step], in models: [KernelModel]) -> [KernelModel]? {
        var models = models
        for step in steps {
            let outcomes = models.map { $0.applying(step) }
            guard outcomes.allSatisfy({ $0.refusal == nil }) else { return nil }
            models = outcomes.flatMap(\.models)
        }
        return models
    }

    /// What becomes of the dax devices of a region that was lost before the steps, in a sentence or two; nil if it had one that
    /// comes by itself.
    ///
    /// - Parameter steps: Those that were asked for, with needless ones.
    func deviceNote(_ layout: RegionLayout, _ steps: [Step], leavesIdle: Bool) -> String? {
        guard let devices = layout.devices else {
            return "Its dax devices were not recorded: it gets one device over all of it."
        }
        let wanted = layout.deviceSteps(inBlocksOf: machine.memory.blockSize)
        if devices.isEmpty || wanted?.isEmpty == true { return nil }
        let source =
            isOfFile(layout.range)
            ? "In \(overrides.regions?.file ?? "the capture")" : "At the last apply (/run/daxswitch/regions.json)"
        let had = "\(source) it had \(devices.map(\.words).joined(separator: " and "))."
        let asked = Set(steps)
        if let wanted, wanted.allSatisfy(asked.contains) {
            return "\(had) It has this use again after the steps. If it was changed after that, the change is lost."
        }
        if leavesIdle { return "\(had) This use is not restored (--leave-idle)." }
        return "\(had) The steps don't restore this use (not asked for, or not certain to work): use `daxctl` for that."
    }
}

extension RegionLayout {
    /// The steps that make its dax devices of the one over all of the region, and put them to their use; nil if they are not known,
    /// or not the whole region with one range each, or were online in other memory blocks than this boot has.
    ///
    /// - Parameter size: Bytes of a memory block; 0 if that is not known.
    func deviceSteps(inBlocksOf size: UInt64) -> [Step]? {
        guard let devices, !devices.isEmpty else { return nil }
        let online = devices.flatMap(\.online).map(\.range)
        guard online.allSatisfy({ size == 0 || $0.start % size == 0 && $0.size % size == 0 }) else { return nil }
        let ranges = devices.flatMap(\.ranges).sorted()
        guard ranges.count == devices.count, ranges.merged() == [range] else { return nil }
        return ranges.dropFirst().map(Step.splitDevice)
            + devices.flatMap { $0.uses(isOneOfSeveral: devices.count > 1) }
    }
}

extension RegionDevice {
    /// Its size and use: `256 MiB system-ram/movable`.
    fileprivate var words: String {
        let runs = uses(isOneOfSeveral: true).compactMap { step in
            step.range.flatMap { range in step.use.map { "\(sizeText(range.size)) \($0)" } }
        }
        return runs.joined(separator: " and ")
    }
}
