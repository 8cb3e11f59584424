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
        let boots = start.models.filter(\.knowsThisBoot).map { model in
            var boot = model.atNextBoot(choice, machine.remembered)
            // A boot begins with the kernel's own path of the helper.
            boot.hasHelper = true
            return boot
        }
        let orders = Self.orders(choice)
        let end = { (boots: [KernelModel], order: [Step]) in
            order.reduce(boots) { models, step in models.flatMap { $0.applying(step).models }.distinct() }
        }
        let ends = { (boots: [KernelModel]) in orders.flatMap { end(boots, $0) }.distinct() }
        var certain = prediction(start, ends(boots))
        if !certain.isCertain, let order = orders.first, orders.count > 1 {
            let owners = prediction(start, end(boots, order)).ranges.map(\.owners)
            if owners != certain.ranges.map(\.owners) {
                certain.missingFacts.append("nothing is persisted: udev may load the modules in any order")
            }
        }
        let names = regionsOfThisBoot
        guard !names.isEmpty else { return certain }
        let without = boots.map { boot in
            var boot = boot
            boot.regions.removeAll { names.contains($0.name) }
            return boot
        }
        var both = prediction(start, ends(boots + without))
        if both.ranges.map(\.owners) != certain.ranges.map(\.owners) {
            both.missingFacts.append(
                "\(names.joined(separator: ", ")) is not over Soft Reserved memory: if it was created in this boot, the next boot "
                    + "does not have it"
            )
        }
        return both
    }

    private func prediction(_ start: Unknowns, _ ends: [KernelModel]) -> Prediction {
        let builder = PredictionBuilder(machine: machine, start: start, end: ends.map(ModelIndex.init))
        return builder.completed(builder.prediction()).noting(ownedRanges(of: machine))
    }

    /// The regions that somebody may have made in this boot. What firmware makes is Soft Reserved, and a locked region is
    /// firmware's.
    private var regionsOfThisBoot: [String] {
        machine.regions.filter { region in
            guard region.mode == "ram", region.locked != true, let range = region.range else { return false }
            return !machine.softReserved.contains { $0.range.overlaps(range) }
        }.map(\.name)
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
