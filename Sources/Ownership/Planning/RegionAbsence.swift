package import Iomem
import Machine

/// A region that steps take away and create again: in between it is gone.
package struct RegionAbsence: Sendable, Equatable {
    /// The name that it had before.
    package let name: String
    /// Its bytes, inclusive ends.
    package let range: AddressRange
    /// The place of the step that takes it away, from 0.
    package let removal: Int
    /// The place of the step that creates it again.
    package let restoration: Int

    /// A region that steps take away and create again.
    package init(name: String, range: AddressRange, removal: Int, restoration: Int) {
        self.name = name
        self.range = range
        self.removal = removal
        self.restoration = restoration
    }
}

extension Planner {
    /// The regions of this machine that are gone during a part of `steps`, in the order in which they come back.
    package func absences(during steps: [Step]) -> [RegionAbsence] {
        guard steps.contains(where: { $0.verb == .restoreRegion }) else { return [] }
        var moments = [start.models]
        for step in steps { moments.append(Self.play([step], in: moments[moments.count - 1])) }
        let there = moments.map(Self.regionBytes)
        return steps.enumerated().compactMap { place, step in
            guard let layout = step.region.flatMap({ moments[place].first?.layout(toRestore: $0, step.range) }),
                there[0].contains(layout.range), !there[place].contains(layout.range),
                let removal = there[...place].lastIndex(where: { $0.contains(layout.range) })
            else { return nil }
            return RegionAbsence(name: layout.name, range: layout.range, removal: removal, restoration: place)
        }
    }
}
