import Iomem
import Machine

// The hazards of persistent memory below a cxl_acpi that goes.
extension StepHazards {
    /// What is in use on a pmem region; where nothing is, only the region itself is at stake.
    func pmemHazards(_ region: ModelRegion, _ module: String) -> [Hazard] {
        guard let namespaces = machine.pmem else {
            return [
                pmemInUse(
                    region,
                    "\(region.name) is a pmem region, and it is not known which of its namespaces are in use"
                )
            ]
        }
        let active = namespaces.filter { $0.range?.overlaps(region.range) ?? true }
        let users = active.flatMap(\.users)
        guard active.isEmpty else {
            let words = users.isEmpty ? "" : " (\(users.joined(separator: ", ")))"
            let names = active.map(\.name).joined(separator: ", ")
            return [pmemInUse(region, "\(names) on \(region.name) is active\(words): it goes with \(module)")]
        }
        return region.keepsDecoders || policy?.consent.loseRegions == true ? [] : [regionLost(region, module)]
    }

    private func pmemInUse(_ region: ModelRegion, _ why: String) -> Hazard {
        Hazard(
            id: .pmemInUse,
            subject: region.name,
            why: why,
            wayOut: "unmount what is on it and disable its namespaces first: ndctl disable-namespace"
        )
    }
}
