import Inspection
import Iomem
import Machine

extension MachineState {
    /// What must be remembered before `module` goes, because nothing shows it afterwards; nil where nothing is lost.
    ///
    /// Without `cxl_acpi`, `cxl_pci`, `cxl_mem` or `cxl_port` sysfs shows no decoder; without dax_hmem nothing proves that the
    /// initial probe is over. That it is pending is never written down: others may load dax_hmem at any time.
    func factsToKeep(before module: String, kept: RememberedFacts?, probeIsDone: Bool) -> RememberedFacts? {
        guard ["dax_hmem", "cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port"].contains(module),
            windows.contains(where: \.isLive),
            let bootID = kernel.bootID
        else { return nil }
        return RememberedFacts(
            bootID: bootID,
            initialProbe: probeIsDone || kept?.initialProbe == .done ? .done : nil,
            decoders: decodersToRemember(kept: kept?.decoders)
        )
    }

    /// Whether nothing has changed since `earlier` but what memory there is to spare, which never rests.
    func isSteady(since earlier: MachineState) -> Bool {
        var earlier = earlier
        earlier.memory.room = memory.room
        return self == earlier
    }
}
