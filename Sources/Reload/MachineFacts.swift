import Inspection
import Iomem
import Machine
import Ownership

extension MachineState {
    /// What must be remembered before `module` goes, because nothing shows it afterwards; nil where nothing is lost.
    ///
    /// Without `cxl_acpi`, `cxl_pci` or `cxl_mem` sysfs shows no decoder; without dax_hmem nothing proves that the
    /// initial probe is over. That it is pending is never written down: others may load dax_hmem at any time.
    func factsToKeep(before module: String, probeIsDone: Bool) -> RememberedFacts? {
        guard ["dax_hmem", "cxl_acpi", "cxl_pci", "cxl_mem"].contains(module), windows.contains(where: \.isLive),
            let bootID = kernel.bootID
        else { return nil }
        let committed = regions.filter { $0.committed && $0.mode == "ram" }.compactMap { region in
            region.range.map { RememberedRegion(range: $0, locked: region.locked == true) }
        }
        return RememberedFacts(bootID: bootID, initialProbe: probeIsDone ? .done : nil, regions: committed)
    }

    /// Whether the same bytes have the same owners, through the same modules, held or not.
    func isAsOwned(as other: MachineState) -> Bool {
        segments(of: self).map { [$0.range.description, $0.owner.rawValue] }
            == segments(of: other).map { [$0.range.description, $0.owner.rawValue] }
            && Step.modules.allSatisfy { modules.state(of: $0) == other.modules.state(of: $0) }
            && isHeld == other.isHeld
    }
}
