import Iomem
import Machine

extension Diff {
    /// Two plans: what they are for, their steps, and what these lead to.
    mutating func comparePlans(_ a: Plan, _ b: Plan) {
        compareKernels(a, b.fingerprint.kernelRelease, b.rules)
        compareBytes(MachineBytes(a), MachineBytes(b), arePlans: true)
        compareModules(Self.modules(of: a), standing: a.standing, b.standing, arePlans: true)
        if a.hold.isKnown && b.hold.isKnown { note(.hold, "cxl_acpi", a.hold, b.hold) }
        compareSteps(a.steps, b.steps)
        compareHazards(a, b)
        compareLines(a.prediction.iomem, b.prediction.iomem)
        leaveOut(.use, .window, .region, .softReserved, .nextBoot, .parameter, .modprobe, .finding)
    }

    /// A plan and a machine: owners, modules and the hold as everywhere, the rest as `verify` compares it.
    mutating func compare(_ plan: Plan, with machine: MachineState, _ findings: [Finding]) {
        compareKernels(plan, machine.kernel.release, machine.kernel.generation.value?.rawValue)
        compareBytes(MachineBytes(plan), MachineBytes(machine))
        compareModules(Self.modules(of: plan), standing: plan.standing, machine.possibleStandings)
        if plan.hold.isKnown { note(.hold, "cxl_acpi", plan.hold, machine.hold) }
        for difference in Target(of: plan).differences(on: machine) {
            let (kind, part): (Kind, MaterialReport.Part?)
            switch difference.kind {
            case .iomem: (kind, part) = (.iomem, nil)
            case .region: (kind, part) = (.region, .cxlDevices)
            case .use: (kind, part) = (.use, machine.lacks(.daxDevices) ? .daxDevices : .memoryBlocks)
            // Compared above.
            case .owner, .module, .hold, .halfDone, .finding: continue
            }
            note(difference, kind, isTold: part.map { !machine.lacks($0) } ?? true)
        }
        for finding in findings where finding.id == .halfDone {
            note(finding, Told(nil), Told(finding.severity.rawValue))
        }
        leaveOut(.window, .softReserved, .nextBoot, .parameter, .modprobe, .finding, .step, .hazard)
    }

    private mutating func note(_ difference: Difference, _ kind: Kind, isTold: Bool) {
        let expected = difference.expected.joined(separator: " or ")
        // A line that is expected has its name here, and one that is not is found with it.
        let isMissing = kind == .iomem && !difference.expected.isEmpty
        note(
            kind,
            difference.range.map(\.description) ?? difference.what,
            Told(expected.isEmpty ? nil : expected),
            isTold ? Told(isMissing ? nil : difference.found) : .unknown,
            over: difference.range
        )
    }

    private static func modules(of plan: Plan) -> [String] {
        Set(plan.prediction.modules.keys).subtracting(Step.anytime).sorted()
    }

    /// The fewest steps to leave out and to add. Which these are must not depend on which plan is the first.
    private mutating func compareSteps(_ a: [Step], _ b: [Step]) {
        let (ours, others) = (a.map(\.description), b.map(\.description))
        let isSwapped = others.lexicographicallyPrecedes(ours)
        let changes = isSwapped ? ours.difference(from: others) : others.difference(from: ours)
        var found: [(place: Int, step: String, isInA: Bool)] = changes.map { change in
            switch change {
            case .remove(let place, let step, _): (place + 1, step, !isSwapped)
            case .insert(let place, let step, _): (place + 1, step, isSwapped)
            }
        }
        found.sort { ($0.place, $0.step) < ($1.place, $1.step) }
        for (place, step, isInA) in found {
            let there = Told("step \(place)")
            note(.step, step, isInA ? there : Told(nil), isInA ? Told(nil) : there)
        }
    }

    /// Which hazards there are, and which of them each plan accepts.
    private mutating func compareHazards(_ a: Plan, _ b: Plan) {
        for hazard in a.hazards {
            let other = b.hazards.covers(hazard) ? b.standing(of: hazard) : nil
            if other != a.standing(of: hazard) { note(hazard, Told(a.standing(of: hazard)), Told(other)) }
        }
        for hazard in b.hazards where !a.hazards.covers(hazard) {
            note(hazard, Told(nil), Told(b.standing(of: hazard)))
        }
    }

    private mutating func note(_ hazard: Hazard, _ a: Told, _ b: Told) {
        note(.hazard, id: hazard.id.rawValue, hazard.subject, a, b, over: hazard.ranges.first)
    }

    private mutating func compareLines(_ a: [PredictedLine], _ b: [PredictedLine]) {
        let (inA, inB) = (Set(a), Set(b))
        for line in a.uniqued() where !inB.contains(line) { note(line, Told(line.words), Told(nil)) }
        for line in b.uniqued() where !inA.contains(line) { note(line, Told(nil), Told(line.words)) }
    }

    private mutating func note(_ line: PredictedLine, _ a: Told, _ b: Told) {
        note(.iomem, "\(line.range)", a, b, over: line.range)
    }
}

extension Plan {
    /// How severe a hazard is, and whether the plan goes ahead with it.
    fileprivate func standing(of hazard: Hazard) -> String {
        hazard.severity.rawValue + (request.accepted.contains(hazard.id) ? ", accepted" : "")
    }

    fileprivate func standing(of name: String) -> Diff.Told? {
        prediction.modules[name].map { Diff.Told(anyOf: $0) }
    }

    /// Whether `cxl_acpi` is kept out afterwards; not told by a plan without a step for it.
    fileprivate var hold: Diff.Told {
        steps.last { [.hold, .release].contains($0) }.map { Diff.Told($0 == .hold ? "held" : "not held") } ?? .unknown
    }
}

extension PredictedLine {
    fileprivate var words: String { isCertain ? name : "\(name), perhaps" }
}
