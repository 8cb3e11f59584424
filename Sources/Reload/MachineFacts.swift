import Inspection
import Iomem
import Machine
import Ownership

extension MachineState {
    /// What must be remembered before `module` goes, because sysfs shows no decoder afterwards; nil where nothing is lost.
    func factsToKeep(before module: String) -> RememberedFacts? {
        guard ["cxl_acpi", "cxl_pci", "cxl_mem"].contains(module), windows.contains(where: \.isLive),
            let bootID = kernel.bootID
        else { return nil }
        let committed = regions.filter { $0.committed && $0.mode == "ram" }.compactMap { region in
            region.range.map { RememberedRegion(range: $0, locked: region.locked == true) }
        }
        let probe = initialProbe.value == .unknown ? nil : initialProbe.value
        return RememberedFacts(bootID: bootID, initialProbe: probe, regions: committed)
    }

    /// Whether the same bytes have the same owners, through the same modules, held or not.
    func isAsOwned(as other: MachineState) -> Bool {
        segments(of: self).map { [$0.range.description, $0.owner.rawValue] }
            == segments(of: other).map { [$0.range.description, $0.owner.rawValue] }
            && Step.modules.allSatisfy { modules.state(of: $0) == other.modules.state(of: $0) }
            && isHeld == other.isHeld
    }
}
