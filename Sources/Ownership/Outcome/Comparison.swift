package import Iomem
package import Machine

/// One place where the machine is not what was expected.
package struct Difference: Sendable, Equatable {
    /// What kind of thing differs.
    package enum Kind: String, Sendable, CaseIterable {
        /// The owner of the bytes.
        case owner
        /// A line of `/proc/iomem` that is missing or that no prediction has.
        case iomem
        /// A module's standing.
        case module
        /// Whether `cxl_acpi` is kept out.
        case hold
        /// What memory is used for.
        case use
        /// A region that is missing or not committed.
        case region
        /// An earlier run stopped half-way.
        case halfDone = "half-done"
        /// Something is broken: a finding of severity crash, loss or failure.
        case finding
    }
    /// The bytes concerned; nil for a module and for the hold.
    package var range: AddressRange?
    /// What was expected, each alternative.
    package var expected: [String]
    /// What is there.
    package var found: String
    /// What kind of thing.
    package var kind: Kind
    /// A sentence for a person.
    package var what: String

    /// A difference.
    package init(range: AddressRange?, expected: [String], found: String, kind: Kind, what: String) {
        self.range = range
        self.expected = expected
        self.found = found
        self.kind = kind
        self.what = what
    }
}

/// Every place where `machine` is not what `prediction` said, in address order; modules last. It takes O(n log n) for n ranges
/// and lines.
package func compare(_ prediction: Prediction, with machine: MachineState) -> [Difference] {
    let ranges = prediction.ranges.map { OwnershipGoal.PossibleOwners(range: $0.range, owners: $0.owners) }
    return ownerDifferences(ranges, machine) + iomemDifferences(prediction, machine.iomem)
        + moduleDifferences(prediction.modules, machine)
}

/// Where the owners on `machine` are not among those of `ranges`.
func ownerDifferences(_ ranges: [OwnershipGoal.PossibleOwners], _ machine: MachineState) -> [Difference] {
    let now = ownedRanges(of: machine)
    let index = RangeIndex(now.map(\.range))
    let edges = Edges(of: now.map(\.range))
    return ranges.flatMap { predicted in
        edges.cut(predicted.range).compactMap { bytes in
            // Those of a machine don't overlap, and none of their edges is left within the bytes.
            let owned = index.first(overlapping: bytes).map { now[$0] }
            let owner = owned?.owner ?? .none
            let found = owned?.ownerWord ?? owner.rawValue
            guard owned?.isOwnerKnown == false || !predicted.owners.contains(owner) else { return nil }
            let expected = predicted.owners.sorted().map(\.rawValue)
            return Difference(
                range: bytes,
                expected: expected,
                found: found,
                kind: .owner,
                what:
                    "\(ownerSentence(bytes, isKnown: owned?.isOwnerKnown ?? true, found)), expected "
                    + expected.joined(separator: " or ")
            )
        }
    }
}

/// Where `/proc/iomem` does not have the lines of `prediction`, in address order.
func iomemDifferences(_ prediction: Prediction, _ iomem: IomemTree) -> [Difference] {
    let tracked = RangeIndex(prediction.ranges.map(\.range))
    let found = iomem.flattened.compactMap { line -> PredictedLine? in
        guard let name = modelName(line.entry.name), tracked.overlaps(line.entry.range) else { return nil }
        return PredictedLine(range: line.entry.range, name: name, isCertain: true)
    }.uniqued()
    let there = Set(found)
    let missing = prediction.iomem.filter { $0.isCertain && !there.contains($0) }.map { line in
        Difference(
            range: line.range,
            expected: [line.name],
            found: "no such line",
            kind: .iomem,
            what: "/proc/iomem has no line \"\(line.name)\" over \(line.range)"
        )
    }
    let expected = Set(prediction.iomem.map { PredictedLine(range: $0.range, name: $0.name, isCertain: true) })
    let surplus = found.filter { !expected.contains($0) }.map { line in
        Difference(
            range: line.range,
            expected: [],
            found: line.name,
            kind: .iomem,
            what: "/proc/iomem has an unexpected line \"\(line.name)\" over \(line.range)"
        )
    }
    return (missing + surplus).sorted { left, right in
        guard let one = left.range, let other = right.range else { return false }
        return one < other
    }
}

/// Whether the hold on `machine` is in force and whole, or released and wholly gone.
func holdDifferences(isHeld: Bool, _ machine: MachineState) -> [Difference] {
    guard machine.holdGap != nil || machine.isHeld != isHeld else { return [] }
    let found = machine.holdGap == nil ? machine.isHeld ? "held" : "not held" : "half held"
    let what = machine.holdGap ?? (isHeld ? "cxl_acpi is not blocked from loading" : "cxl_acpi is blocked from loading")
    return [
        Difference(range: nil, expected: [isHeld ? "held" : "not held"], found: found, kind: .hold, what: what)
    ]
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
                "module \(name) is \(standing.words), expected \(expected.map(\.words).sorted().joined(separator: " or "))"
        )
    }
}
