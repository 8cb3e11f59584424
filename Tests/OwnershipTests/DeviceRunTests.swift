import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("Runs of steps on single devices")
struct DeviceRunTests {
    @Test(
        "a run comes to what its steps come to one by one: devices and regions that overlap, are not aligned, or are split",
        arguments: [Generation.deferring, .coordinated, .allOrNothing]
    )
    func equivalence(_ generation: Generation) {
        var chance = SplitMix(seed: 23)
        for _ in 0..<300 {
            let model = Self.model(generation, &chance)
            let ranges = (model.claims.compactMap(\.span) + model.regions.map(\.range) + [Machines.elsewhere])
                .shuffled(using: &chance)
            check(model.unbindingHmem(each: ranges), ranges.map(Step.unbindHmem), model)
            check(model.bindingRegions(each: ranges), ranges.map(Step.bindRegion), model)
        }
    }

    /// A step that changes nothing is left out, and the reasons that it would note with it.
    private func check(_ run: DeviceRun, _ steps: [Step], _ start: KernelModel) {
        var model = start
        for (step, effect) in zip(steps, run.effects) {
            let outcome = model.applying(step)
            #expect(outcome.refusal == effect.refusal)
            #expect(effect.isChange == !outcome.models[0].isSame(as: model))
            if effect.isChange { model = outcome.models[0] }
        }
        #expect(run.effects.count == steps.count && run.model == model)
    }

    private static func model(_ generation: Generation, _ chance: inout SplitMix) -> KernelModel {
        var model = KernelModel(of: Machines.booted(generation), generation: generation)
        if Int.random(in: 0..<8, using: &chance) == 0 { model.loaded.remove("dax_cxl") }
        if Bool.random(using: &chance) { model.mode = model.mode.map { _ in .drop } }
        let ranges = (0..<8).map { _ in
            // Every fourth begins where no dax region can.
            let shift: UInt64 = Int.random(in: 0..<4, using: &chance) == 0 ? 1 << 20 : 0
            return Machines.span(
                UInt64.random(in: 1..<24, using: &chance) << 21 + shift,
                UInt64.random(in: 1...2, using: &chance) << 21
            )
        }
        model.claims = (0..<Int.random(in: 0...6, using: &chance)).map { number in
            DaxClaim(
                owner: Bool.random(using: &chance) ? .hmem : .cxl,
                ranges: [ranges[Int.random(in: 0..<8, using: &chance)]],
                reserved: Bool.random(using: &chance) ? [ranges[Int.random(in: 0..<8, using: &chance)]] : [],
                through: "parent\(number)",
                driver: Bool.random(using: &chance) ? "kmem" : nil
            )
        }
        let lives: [ModelRegion.Life] = [
            .present(.assembled), .present(.assembled), .present(.committed), .present(.named), .waiting(.assembled),
        ]
        model.regions = (0..<5).map { number in
            ModelRegion(
                name: "region\(number)",
                range: ranges[Int.random(in: 0..<8, using: &chance)],
                lock: .honoured,
                life: lives[Int.random(in: 0..<lives.count, using: &chance)]
            )
        }
        model.onlineBlocks = ranges.filter { _ in Bool.random(using: &chance) }
        return model
    }
}
