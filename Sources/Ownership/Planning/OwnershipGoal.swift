package import Iomem
package import Machine

/// Who owns which bytes, which modules are in, and whether `cxl_acpi` is kept out: what a run began with, and its result.
package struct OwnershipGoal: Sendable, Equatable {
    /// Bytes with their possible owners.
    package struct PossibleOwners: Sendable, Equatable {
        /// The bytes, inclusive ends.
        package var range: AddressRange
        /// The owners; more than one where it is not certain.
        package var owners: Set<Owner>

        /// Bytes with their owners.
        package init(range: AddressRange, owners: Set<Owner>) {
            self.range = range
            self.owners = owners
        }
    }

    /// What covers, without a gap, every Soft Reserved range and every ram region, in address order.
    package var ranges: [PossibleOwners]
    /// How each module that a step can name stands; a set of one where it is certain.
    package var modules: [String: Set<ModuleStanding>]
    /// Whether the drop-in that keeps `cxl_acpi` out is in place.
    package var isHeld: Bool
    /// The uses of memory, and the devices that they need, as the steps that lead to them.
    package var uses: [Step]
    /// The bytes of the committed ram regions; nil where nothing is said about them.
    package var regions: [AddressRange]?

    /// A goal.
    package init(
        ranges: [PossibleOwners],
        modules: [String: Set<ModuleStanding>],
        isHeld: Bool,
        uses: [Step],
        regions: [AddressRange]? = nil
    ) {
        self.regions = regions
        self.ranges = ranges
        self.modules = modules
        self.isHeld = isHeld
        self.uses = uses
    }

    /// What `machine` is now.
    package init(of machine: MachineState) {
        ranges = ownedRanges(of: machine).map { PossibleOwners(range: $0.range, owners: [$0.owner]) }
        modules = Dictionary(uniqueKeysWithValues: Step.modules.map { ($0, [machine.modules.state(of: $0)]) })
        isHeld = machine.isHeld
        regions = machine.committedRegions
        uses =
            machine.splitRegions.flatMap(\.splits)
            + machine.usesToRestore(over: machine.daxDevices.flatMap(\.ranges))
    }

    /// What `plan` makes of a machine, where `cxl_acpi` is kept out before its first step if `isHeld` is true.
    package init(after plan: Plan, isHeld: Bool) {
        ranges = plan.prediction.ranges.map { PossibleOwners(range: $0.range, owners: $0.owners) }
        modules = plan.prediction.modules
        self.isHeld = plan.steps.last { $0 == .hold || $0 == .release }.map { $0 == .hold } ?? isHeld
        uses = plan.steps.filter { $0.use != nil || $0.verb == .splitDevice }
    }

    /// Every place where `machine` is not as this says, in words; bytes that it does not name belong to nobody.
    package func differences(on machine: MachineState) -> [String] {
        let named = RangeIndex(ranges.map(\.range))
        let strays = ownedRanges(of: machine).filter { $0.owner != .none && !named.overlaps($0.range) }
        return ownerDifferences(ranges, machine).map(\.what)
            + strays.map { "\($0.range) is owned by \($0.owner.rawValue), expected none" }
            + moduleDifferences(modules, machine).map(\.what)
            + holdDifferences(isHeld: isHeld, machine).map(\.what)
            + useDifferences(uses, machine).map(\.found) + regionDifferences(machine)
    }

    /// The regions that were not there: a run that makes one again does not delete it on its way back, since memory of it may be
    /// in use by then.
    private func regionDifferences(_ machine: MachineState) -> [String] {
        let unfinished = machine.unfinishedRegion.map { ["\($0.name) was begun and is not finished"] } ?? []
        return unfinished + newRegions(on: machine).map { "a CXL region is over \($0), expected none" }
    }

    /// The bytes of the committed ram regions of `machine` that this does not name.
    func newRegions(on machine: MachineState) -> [AddressRange] {
        guard let regions else { return [] }
        return machine.committedRegions.filter { !regions.contains($0) }
    }

    /// Where what `other` leads to is not within this, in words.
    package func differences(from other: OwnershipGoal) -> [String] {
        let index = RangeIndex(other.ranges.map(\.range))
        let owners = ranges.flatMap { part in
            index.places(overlapping: part.range).map { other.ranges[$0] }.filter {
                !$0.owners.isSubset(of: part.owners)
            }.map {
                "\($0.range) would be owned by \(words($0.owners)), not \(words(part.owners))"
            }
        }
        let named = RangeIndex(ranges.map(\.range))
        let strays = other.ranges.filter { $0.owners != [.none] && !named.overlaps($0.range) }.map {
            "\($0.range) would be owned by \(words($0.owners)), not none"
        }
        let modules = modules.sorted { $0.key < $1.key }.compactMap { name, expected -> String? in
            guard !Step.anytime.contains(name), let found = other.modules[name], !found.isSubset(of: expected) else {
                return nil
            }
            return "module \(name) would be \(words(found)), not \(words(expected))"
        }
        let isHeld =
            other.isHeld == isHeld ? [] : [isHeld ? "cxl_acpi would not be blocked" : "cxl_acpi would be blocked"]
        return owners + strays + modules + isHeld
    }

    private func words(_ values: Set<some RawRepresentable<String>>) -> String {
        values.map(\.rawValue).sorted().joined(separator: " or ")
    }
}

extension MachineState {
    fileprivate var committedRegions: [AddressRange] {
        regions.filter { $0.committed && $0.mode == "ram" }.compactMap(\.range)
    }
}
