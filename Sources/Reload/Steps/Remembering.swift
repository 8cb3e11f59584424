import Inspection
import Iomem
package import Machine
package import Ownership

extension FactStore {
    /// Keeps what shows of the decoders now: what is lost later can then be named and restored.
    ///
    /// - Parameter earlier: Regions of which others know, to be kept too.
    /// - Throws: `ReloadError` `.unavailable`.
    package func remember(_ machine: MachineState, besides earlier: EarlierRegions? = nil) throws(ReloadError) {
        let kept = try kept(bootID: machine.kernel.bootID)
        var facts = machine.factsToKeep(
            before: "cxl_acpi",
            kept: kept,
            probeIsDone: machine.initialProbe.value == .done,
            withDevices: true
        )
        if let earlier, let bootID = machine.kernel.bootID {
            let lost = machine.losing(earlier).lostRegions
            var all =
                facts ?? kept
                ?? RememberedFacts(bootID: bootID, sleeps: machine.sleeps, initialProbe: nil, decoders: nil)
            var decoders = all.decoders ?? RememberedDecoders(regions: [], decoded: [], isComplete: false)
            decoders.regions = decoders.regions.filter { old in !lost.contains { $0.range.overlaps(old.range) } } + lost
            all.decoders = decoders
            facts = all
        }
        if let facts, facts != kept { try keep(facts) }
    }

    /// Forgets the region that a run has begun, if nothing is left of it: one that gets its name later is another program's.
    ///
    /// - Throws: `ReloadError` `.unavailable`.
    func forgetUnfinished(on machine: MachineState) throws(ReloadError) {
        guard machine.unfinishedRegion == nil, var facts = try kept(bootID: machine.kernel.bootID),
            facts.unfinishedRegion != nil
        else { return }
        facts.unfinishedRegion = nil
        try keep(facts)
    }
}

extension MachineState {
    /// The memory device of the region that `step` creates that has no endpoint yet: the kernel makes it some time after the
    /// drivers are in (drivers/cxl/mem.c: cxl_mem_probe()).
    func lateDevice(for step: Step) -> String? {
        guard let name = step.region, let layout = layoutToRestore(name, step.range) else { return nil }
        let late = layout.targets.compactMap(\.device).first { memdev($0)?.hasEndpoint != true }
        return late.map { "\($0.function) has no endpoint yet" }
    }

    /// What must be remembered before `module` goes, because nothing shows it afterwards; nil where nothing is lost.
    ///
    /// Without `cxl_acpi`, `cxl_pci`, `cxl_mem` or `cxl_port` sysfs shows no decoder; without dax_hmem nothing proves that the
    /// initial probe is over. That it is pending is never written down: others may load dax_hmem at any time.
    ///
    /// - Parameter withDevices: As `decodersToRemember` has it.
    func factsToKeep(
        before module: String,
        kept: RememberedFacts?,
        probeIsDone: Bool,
        withDevices: Bool = false
    ) -> RememberedFacts? {
        guard ["dax_hmem", "cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port"].contains(module),
            windows.contains(where: \.isLive),
            let bootID = kernel.bootID
        else { return nil }
        return RememberedFacts(
            bootID: bootID,
            sleeps: sleeps,
            initialProbe: probeIsDone || kept?.initialProbe == .done ? .done : nil,
            decoders: decodersToRemember(
                kept: kept?.sleeps == sleeps ? kept?.decoders : nil,
                withDevices: withDevices
            ),
            // They go with dax_hmem.
            unboundHmem: module == "dax_hmem" ? [:] : kept?.unboundHmem ?? [:],
            // Without any of it left, the name may be another program's by the next run.
            unfinishedRegion: unfinishedRegion,
            pmem: pmemToRemember(kept: kept?.pmem ?? [])
        )
    }
}

extension MachineState {
    /// What must be remembered before dax_hmem is unbound from the device `name`; nil without an id of the boot.
    func factsToKeep(unbinding name: String, over range: AddressRange, kept: RememberedFacts?) -> RememberedFacts? {
        guard let bootID = kernel.bootID else { return nil }
        var facts = kept ?? RememberedFacts(bootID: bootID, sleeps: sleeps, initialProbe: nil, decoders: nil)
        facts.unboundHmem[name] = range
        return facts
    }
}

extension Plan {
    /// Of the regions of a capture, those that the steps create.
    var regionsOfFile: EarlierRegions? {
        let created = Set(steps.filter { $0.verb == .restoreRegion }.compactMap(\.range))
        return request.overrides.regions.map { regions in
            EarlierRegions(file: regions.file, layouts: regions.layouts.filter { created.contains($0.range) })
        }
    }
}
