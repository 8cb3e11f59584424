import Iomem
import Machine

extension Planner {
    /// What a sequence of steps comes to.
    struct Walk {
        /// The steps without needless ones.
        var steps: [Step]
        /// Made by `builder`, and not yet completed.
        var prediction: Prediction
        var hazards: [Hazard]
        /// The places, among the steps asked for, of those that change nothing.
        var needless: [Int] = []
        /// The place, among the steps asked for, of the first that the kernel refuses; nil if it refuses none.
        var refused: Int?
        let builder: PredictionBuilder

        /// Nothing speaks against the steps, and their result is certain.
        var isSafe: Bool { hazards.isEmpty && prediction.isCertain }
    }

    /// Does `steps` in every model. Of n ranges a step takes O(n log n); a run of steps on single ranges takes that together, where
    /// one model is left and kmem takes no device by itself.
    func walk(_ steps: [Step], policy: Policy?) -> Walk {
        var course = Course(start.models, machine, policy)
        // An order can come to the same state again and again, by the same steps.
        let repeated = Set(Dictionary(grouping: steps, by: \.self).filter { $1.count > 1 }.keys)
        var place = 0
        while place < steps.count {
            let run = course.run(of: steps[place...])
            if run.count > 1 {
                course.take(run)
            } else {
                course.take(steps[place], at: place, isRepeated: repeated.contains(steps[place]))
            }
            place += max(run.count, 1)
        }
        let end = course.models.map(ModelIndex.init)
        let builder = PredictionBuilder(machine: machine, start: start, end: end)
        let prediction = builder.prediction()
        let outcome = OutcomeHazards(start: start, end: end, policy: policy, steps: course.kept)
        return Walk(
            steps: course.kept,
            prediction: prediction,
            hazards: (course.hazards + outcome.hazards(prediction)).uniqued(),
            needless: course.needless,
            refused: course.refused,
            builder: builder
        ).forgivingRestored()
    }
}

/// How far a walk has come.
private struct Course {
    private(set) var models: [KernelModel]
    private(set) var kept: [Step] = []
    private(set) var hazards: [Hazard] = []
    private(set) var needless: [Int] = []
    private(set) var refused: Int?
    private var played: [Step: (before: [KernelModel], outcomes: [StepOutcome])] = [:]
    private let machine: MachineState
    private let policy: Policy?
    private let advice: BootAdvice

    init(_ models: [KernelModel], _ machine: MachineState, _ policy: Policy?) {
        self.models = models
        self.machine = machine
        self.policy = policy
        advice = BootAdvice(machine)
    }

    /// The first of `steps` that are done together; none where the first is done alone.
    func run(of steps: ArraySlice<Step>) -> ArraySlice<Step> {
        guard let verb = steps.first?.verb, models.count == 1,
            verb == .unbindHmem || verb == .bindRegion && !models[0].kmemTakesDevices
        else { return [] }
        return steps.prefix { $0.verb == verb }
    }

    /// Does `run` in the one model that is left.
    mutating func take(_ run: ArraySlice<Step>) {
        let before = models[0]
        let ranges = run.compactMap(\.range)
        let done =
            run.first?.verb == .unbindHmem ? before.unbindingHmem(each: ranges) : before.bindingRegions(each: ranges)
        let online = RangeIndex(before.onlineBlocks)
        for (place, effect) in zip(run.indices, done.effects) {
            if effect.refusal == nil && !effect.isChange {
                needless.append(place)
                continue
            }
            if refused == nil, effect.refusal != nil { refused = place }
            hazards += finder(run[place]).hazards(before: before, effect, online)
            kept.append(run[place])
        }
        models = [done.model]
    }

    /// Does `step` in every model.
    mutating func take(_ step: Step, at place: Int, isRepeated: Bool) {
        let known = played[step].flatMap { $0.before == models ? $0.outcomes : nil }
        let outcomes = known ?? models.map { $0.applying(step) }
        if isRepeated { played[step] = (models, outcomes) }
        let isNeedless =
            zip(models, outcomes).allSatisfy { before, outcome in
                outcome.refusal == nil && outcome.models.allSatisfy { $0.isSame(as: before) }
            } && !changesZone(step)
        if isNeedless {
            needless.append(place)
            return
        }
        if refused == nil, outcomes.contains(where: { $0.refusal != nil }) { refused = place }
        for (model, outcome) in zip(models, outcomes) { hazards += finder(step).hazards(before: model, outcome) }
        kept.append(step)
        models = outcomes.flatMap(\.models).distinct()
    }

    private func finder(_ step: Step) -> StepHazards {
        StepHazards(step: step, earlier: kept, policy: policy, advice: advice)
    }

    /// Whether `step` may change the zone of memory that is online already. A model has no zones: the kernel, or a udev
    /// rule, chooses one for what comes online by itself.
    private func changesZone(_ step: Step) -> Bool {
        guard let use = step.use, let range = step.range, let zone = use.zone, zone != .automatic else { return false }
        return !kept.isEmpty || machine.missing(of: use, over: range) != nil
    }
}

extension [KernelModel] {
    /// Each model once: what a step leaves open, a later one may close, and models would double with each step.
    func distinct() -> [KernelModel] {
        guard count > 1 else { return self }
        return reduce(into: []) { distinct, model in
            if !distinct.contains(model) { distinct.append(model) }
        }
    }
}
