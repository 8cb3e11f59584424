import Iomem
package import Machine

extension NextBoot {
    /// Who owns what after the next boot with `choice`.
    ///
    /// If nothing is chosen, udev loads the modules in any order: every owner that an order gives is possible.
    /// - Throws: `PlanningError` if it is not known which rules the kernel follows.
    package func prediction(
        of choice: BootChoice?,
        overrides: Overrides = Overrides()
    ) throws(PlanningError) -> Prediction {
        let start = try Unknowns(of: machine, overrides: overrides)
        let now = start.models.filter(\.knowsThisBoot)
        let boots = { (changes: [RegionChange]) in
            now.map { model in
                var boot = model.atNextBoot(choice, machine.remembered) { regions in
                    for change in changes { change(&regions) }
                }
                // A boot begins with the kernel's own path of the helper.
                boot.hasHelper = true
                return boot
            }
        }
        let orders = Self.orders(choice)
        let end = { (boots: [KernelModel], order: [Step]) in
            order.reduce(boots) { models, step in models.flatMap { $0.applying(step).models }.distinct() }
        }
        let ends = { (boots: [KernelModel]) in orders.flatMap { end(boots, $0) }.distinct() }
        let asNow = boots([])
        var possible = ends(asNow)
        var certain = prediction(start, possible)
        if !certain.isCertain, let order = orders.first, orders.count > 1 {
            let owners = prediction(start, end(asNow, order)).ranges.map(\.owners)
            if owners != certain.ranges.map(\.owners) {
                certain.missingFacts.append("nothing is persisted: udev may load the modules in any order")
            }
        }
        var changes: [[RegionChange]] = [[]]
        for doubt in regionDoubts {
            let more = changes.map { $0 + [doubt.change] }
            changes += more
            possible = (possible + ends(more.flatMap(boots))).distinct()
            var wider = prediction(start, possible)
            let isDecisive = wider.ranges.map(\.owners) != certain.ranges.map(\.owners)
            wider.missingFacts += certain.missingFacts.filter { !wider.missingFacts.contains($0) }
            if isDecisive { wider.missingFacts.append(doubt.why) }
            certain = wider
        }
        return certain
    }

    private func prediction(_ start: Unknowns, _ ends: [KernelModel]) -> Prediction {
        let builder = PredictionBuilder(machine: machine, start: start, end: ends.map(ModelIndex.init))
        return builder.completed(builder.prediction()).noting(ownedRanges(of: machine))
    }

    /// The orders in which the modules are loaded at a boot. With a choice dax_hmem has loaded the others before, or nobody
    /// loads them; dax_cxl comes with its first device.
    private static func orders(_ choice: BootChoice?) -> [[Step]] {
        if choice != nil { return [[.load("dax_hmem"), .load("dax_cxl")]] }
        let units: [[Step]] = [
            [.load("cxl_acpi")], [.load("cxl_pci"), .load("cxl_mem")], [.load("dax_hmem")], [.load("dax_cxl")],
        ]
        return units.permutations().map { $0.flatMap { $0 } }
    }
}

extension KernelModel {
    /// What is unknown of this boot alone is as it was read: it ends with the boot.
    fileprivate var knowsThisBoot: Bool {
        [.hold, .initialProbe, .moduleHelper, .regionIdle].allSatisfy { assumptions[$0].map { $0 == .asRead } ?? true }
    }
}
