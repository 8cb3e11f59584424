import Inspection
import Iomem
import Machine

extension MachineState {
    /// What must be remembered before `module` goes, because nothing shows it afterwards; nil where nothing is lost.
    ///
    /// Without `cxl_acpi`, `cxl_pci` or `cxl_mem` sysfs shows no decoder; without dax_hmem nothing proves that the
    /// initial probe is over. That it is pending is never written down: others may load dax_hmem at any time.
    ///
    /// What was `kept` before stays: with `cxl_pci` out the regions are no longer committed when `cxl_acpi` goes, and an
    /// unlocked region that was reset is still not decoded when `cxl_acpi` has come and goes again. Only a region that
    /// is seen now takes the place of those over the same bytes.
    func factsToKeep(before module: String, kept: RememberedFacts?, probeIsDone: Bool) -> RememberedFacts? {
        guard ["dax_hmem", "cxl_acpi", "cxl_pci", "cxl_mem"].contains(module), windows.contains(where: \.isLive),
            let bootID = kernel.bootID
        else { return nil }
        let seen = regions.filter { $0.committed && $0.mode == "ram" }.compactMap { region in
            region.range.map { RememberedRegion(range: $0, locked: region.locked == true) }
        }
        let unseen = (kept?.regions ?? []).filter { old in !seen.contains { $0.range.overlaps(old.range) } }
        return RememberedFacts(
            bootID: bootID,
            initialProbe: probeIsDone || kept?.initialProbe == .done ? .done : nil,
            regions: (seen + unseen).sorted { $0.range < $1.range }
        )
    }

    /// Whether nothing has changed since `earlier` but what memory there is to spare, which never rests.
    func isSteady(since earlier: MachineState) -> Bool {
        var earlier = earlier
        earlier.memory.room = memory.room
        return self == earlier
    }
}
