import Iomem
package import Machine

/// Every place where `machine` is not what `prediction` said, in address order; modules last.
package func compare(_ prediction: Prediction, with machine: MachineState) -> [Difference] {
    let parts = prediction.ranges.map { OwnershipGoal.Part(range: $0.range, owners: $0.owners) }
    return ownerDifferences(parts, machine) + iomemDifferences(prediction, machine)
        + moduleDifferences(prediction.modules, machine)
}

/// Where the owners on `machine` are not among those of `parts`.
func ownerDifferences(_ parts: [OwnershipGoal.Part], _ machine: MachineState) -> [Difference] {
    let now = segments(of: machine)
    let edges = now.map(\.range)
    return parts.flatMap { predicted in
        cut([predicted.range], at: edges).compactMap { piece in
            let owner = now.first { $0.range.contains(piece) }?.owner ?? .none
            guard !predicted.owners.contains(owner) else { return nil }
            let expected = predicted.owners.sorted().map(\.rawValue)
            return Difference(
                range: piece,
                expected: expected,
                found: owner.rawValue,
                kind: .owner,
                what: "\(piece) is owned by \(owner.rawValue), expected \(expected.joined(separator: " or "))"
            )
        }
    }
}

private func iomemDifferences(_ prediction: Prediction, _ machine: MachineState) -> [Difference] {
    let tracked = prediction.ranges.map(\.range)
    let found = machine.iomem.flattened.compactMap { line -> PredictedLine? in
        guard let name = modelName(line.entry.name), tracked.contains(where: { $0.overlaps(line.entry.range) })
        else { return nil }
        return PredictedLine(range: line.entry.range, name: name, isCertain: true)
    }
    let missing = prediction.iomem.filter { line in
        line.isCertain && !found.contains { $0.range == line.range && $0.name == line.name }
    }.map { line in
        Difference(
            range: line.range,
            expected: [line.name],
            found: "no such line",
            kind: .iomem,
            what: "/proc/iomem has no line \"\(line.name)\" over \(line.range)"
        )
    }
    let surplus = found.uniqued().filter { line in
        !prediction.iomem.contains { $0.range == line.range && $0.name == line.name }
    }.map { line in
        Difference(
            range: line.range,
            expected: [],
            found: line.name,
            kind: .iomem,
            what: "/proc/iomem has a line \"\(line.name)\" over \(line.range) that was not expected"
        )
    }
    return (missing + surplus).sorted { left, right in
        guard let one = left.range, let other = right.range else { return false }
        return one < other
    }
}

/// Where the modules on `machine` do not stand as one of `modules` says.
func moduleDifferences(_ modules: [String: Set<ModuleStanding>], _ machine: MachineState) -> [Difference] {
    modules.sorted { $0.key < $1.key }.compactMap { name, expected in
        if Step.anytime.contains(name) { return nil }
        let standing = machine.modules.state(of: name)
        guard !expected.contains(standing) else { return nil }
        return Difference(
            range: nil,
            expected: expected.map(\.rawValue).sorted(),
            found: standing.rawValue,
            kind: .module,
            what:
                "module \(name) is \(standing.rawValue), expected \(expected.map(\.rawValue).sorted().joined(separator: " or "))"
        )
    }
}
