internal import Iomem
package import Machine

/// The regions that a machine had when it was recorded, which can have been lost since.
package struct EarlierRegions: Sendable, Equatable {
    /// What they were read from.
    package let file: String
    /// How they were made.
    package let layouts: [RegionLayout]

    /// Regions of a recording.
    package init(file: String, layouts: [RegionLayout]) {
        self.file = file
        self.layouts = layouts
    }
}

extension MachineState {
    /// With those of `earlier` that are not there, as regions of this boot that are gone.
    package func losing(_ earlier: EarlierRegions?) -> MachineState {
        guard let earlier else { return self }
        var machine = self
        for layout in earlier.layouts {
            let region = RememberedRegion(range: layout.range, locked: false, layout: layout)
            guard hasLost(region) else { continue }
            machine.lostRegions.removeAll { $0.layout == nil && $0.range == layout.range }
            // What this boot has lost is newer.
            let isReplaced = machine.lostRegions.contains { lost in
                lost.range.overlaps(layout.range) || lost.layout?.takesBytes(of: layout) == true
            }
            if !isReplaced { machine.lostRegions.append(region) }
        }
        return machine
    }
}
