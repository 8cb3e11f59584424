package import Iomem
package import Machine

/// All that a plan makes of a machine: what `apply`, `verify` and `recover` compare it with.
package struct Target: Sendable, Equatable {
    /// Owners, lines of `/proc/iomem` and modules.
    private let prediction: Prediction
    /// Whether `cxl_acpi` is kept out; nil where the plan says nothing about it.
    private let isHeld: Bool?
    /// The uses that are restored, as the steps that do it.
    private let uses: [Step]

    /// What a saved plan says. It speaks of the hold where it has a step for it.
    package init(of plan: Plan) {
        prediction = plan.prediction
        isHeld = plan.steps.last { [.hold, .release].contains($0) }.map { $0 == .hold }
        uses = OwnershipGoal(after: plan, isHeld: false).uses
    }

    /// The result of the last steps of a run, those of `plan`, if the run as a whole is to reach `goal`.
    package init(of plan: Plan, reaching goal: OwnershipGoal) {
        prediction = plan.prediction
        isHeld = goal.isHeld
        uses = goal.uses
    }

    /// Every place where `machine` is not as this says.
    package func differences(on machine: MachineState) -> [Difference] {
        compare(prediction, with: machine) + regionDifferences(machine)
            + holdDifferences(isHeld: isHeld ?? machine.isHeld, machine) + useDifferences(uses, machine)
    }

    /// Whether the lines of `/proc/iomem` are as this says: what it says of the machine can be so, or is about to be.
    package func isShown(in iomem: IomemTree) -> Bool { iomemDifferences(prediction, iomem).isEmpty }

    /// A line of a region stands for a region of sysfs over the same bytes, and CXL owns only what a region with programmed
    /// decoders and a dax region covers (drivers/cxl/core/region.c: __construct_region(), cxl_region_probe()).
    private func regionDifferences(_ machine: MachineState) -> [Difference] {
        let regions = Dictionary(machine.regions.map { ($0.range, $0) }) { first, _ in first }
        let owned = RangeIndex(prediction.ranges.filter { $0.owners == [.cxl] }.map(\.range))
        return prediction.iomem.filter { $0.isCertain && $0.name == "regionN" }.compactMap { line in
            guard let region = regions[line.range] else {
                return difference(line.range, "a region", "none", "sysfs has no region over \(line.range)")
            }
            guard owned.overlaps(line.range) else { return nil }
            let name = "\(region.name) (\(line.range))"
            if !region.committed {
                return difference(line.range, "committed", "not committed", "\(name) is not committed")
            }
            return region.assembled || region.mode != "ram"
                ? nil : difference(line.range, "assembled", "not assembled", "\(name) has no dax region")
        }
    }

    private func difference(_ range: AddressRange, _ expected: String, _ found: String, _ what: String) -> Difference {
        Difference(range: range, expected: [expected], found: found, kind: .region, what: what)
    }
}

/// Where memory on `machine` is not in the use and zone that `steps` restore.
func useDifferences(_ steps: [Step], _ machine: MachineState) -> [Difference] {
    steps.compactMap { step in
        if case .splitDevice(let range) = step {
            guard let missing = machine.missingDevice(over: range) else { return nil }
            return Difference(
                range: range,
                expected: ["a device of its own"],
                found: missing,
                kind: .use,
                what: missing
            )
        }
        guard let use = step.use, let range = step.range, let missing = machine.missing(of: use, over: range) else {
            return nil
        }
        return Difference(
            range: range,
            expected: [use.description],
            found: missing,
            kind: .use,
            what: "\(range) is not in its previous use (\(use)): \(missing)"
        )
    }
}
