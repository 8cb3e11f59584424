package import Iomem

/// What a machine is at one moment, as values: read from a root directory by `Inspection`, never changed.
package struct MachineState: Sendable, Equatable {
    /// Which machine it is.
    package var host: Host
    /// The kernel: release, boot, generation, switches.
    package var kernel: Kernel
    /// `/proc/iomem`.
    package var iomem: IomemTree
    /// The modules: loaded, built in, available, and how they depend on each other.
    package var modules: ModuleTable
    /// The Soft Reserved ranges, in address order, each once, with where they were found.
    package var softReserved: [SoftReservedRange]
    /// The CXL windows, in address order.
    package var windows: [Window]
    /// The CXL regions that sysfs shows, in address order.
    package var regions: [Region]
    /// The CXL decoders that sysfs shows, by name.
    package var decoders: [Decoder]
    /// The CXL memory devices that sysfs shows, by name.
    package var memdevs: [Memdev]
    /// The dax devices that sysfs shows, by name.
    package var daxDevices: [DaxDevice]
    /// The active namespaces of persistent memory; nil where it is not known which are.
    package var pmem: [PmemNamespace]?
    /// The committed regions of persistent memory, with what is on them.
    package var pmemRegions: [PmemRegion]
    /// The labels on persistent memory devices.
    package var pmemLabels: [PmemLabels]
    /// The hmem platform devices (`hmem.N`) that sysfs shows.
    package var hmemDevices: [HmemDevice]
    /// How dax_hmem was told to behave.
    package var hmemSettings: HmemSettings
    /// Memory blocks above the first boot memory, with their state.
    package var memory: MemoryBlocks
    /// Whether the first dax_hmem probe that meets a window is still to come (7.1 on).
    package var initialProbe: Inferred<InitialProbe>
    /// What a kernel of the generation `all-or-nothing` has decided about the ranges in windows; nil where that is not known.
    package var daxCxlMode: Inferred<DaxCxlMode?>
    /// The decoders as daxswitch saw them last in this boot; nil where it has not seen them, or where they are in sysfs.
    package var remembered: RememberedDecoders?
    /// What may have become of the decoders since the firmware programmed them.
    package var decoderHistory: Inferred<DecoderHistory>
    /// How often the machine has slept (suspended, idle or hibernated) since its kernel started, as far as that shows.
    package var sleeps: Int
    /// Whether a drop-in keeps `cxl_acpi` out now: the hold of this boot, or the persisted choice that no release has lifted.
    package var isHeld: Bool
    /// What a hold or a release of this boot lacks, as a run leaves it that was killed in the middle of it; nil where it is
    /// complete, or there is no hold. Whether `cxl_acpi` is kept out is not known then, and `isHeld` is false.
    package var holdGap: String?
    /// What `persist` wrote for the boots to come; nil where nothing is persisted.
    package var persisted: BootChoice?
    /// The boot loader's entries for this host, where they can be read; not looked for where `cxl_acpi` is a module.
    package var bootEntries: [BootEntry]
    /// What the host's own configuration says to modprobe.
    package var modprobe: ModprobeSettings
    /// What drivers told of their failures in this boot, oldest first.
    package var driverFailures: [DriverFailure]
    /// The committed ram regions of this boot that are gone, with their decoders' settings.
    package var lostRegions: [RememberedRegion]
    /// The committed regions of persistent memory of this boot that are gone, in the same way.
    package var lostPmem: [PmemRegion]
    /// The region that a run has begun to create and not finished: it is there and not committed, or decoders still have the
    /// bytes of memory devices that were taken for it.
    package var unfinishedRegion: UnfinishedRegion?
    /// The kernel leaves no memory to drivers: it was built without CONFIG_EFI_SOFT_RESERVE. The file that says so; nil
    /// where none does.
    package var softReserveIsOff: String?
    /// What the material that it was read from lacks, and what was not understood.
    package var material = MaterialReport()

    /// A machine with nothing on it, for `kernel`; the reader fills in the rest.
    package init(kernel: Kernel, iomem: IomemTree) {
        host = Host()
        self.kernel = kernel
        self.iomem = iomem
        modules = ModuleTable()
        softReserved = []
        windows = []
        regions = []
        decoders = []
        memdevs = []
        daxDevices = []
        pmem = []
        pmemRegions = []
        pmemLabels = []
        lostPmem = []
        hmemDevices = []
        hmemSettings = HmemSettings()
        memory = MemoryBlocks()
        initialProbe = Inferred(.unknown, evidence: [])
        daxCxlMode = Inferred(nil, evidence: [])
        remembered = nil
        decoderHistory = Inferred(.driversBound, evidence: [])
        sleeps = 0
        isHeld = false
        holdGap = nil
        persisted = nil
        bootEntries = []
        modprobe = ModprobeSettings()
        driverFailures = []
        lostRegions = []
        softReserveIsOff = nil
    }

    /// Whether the material that the machine was read from lacks `part`, so nothing follows from its absence.
    package func lacks(_ part: MaterialReport.Part) -> Bool { material.unrecorded.contains(part) }

    /// Whether sysfs has the decoders of all memory devices.
    package var seesDecoders: Bool { whyDecodersAreUnseen == nil }

    /// Why sysfs lacks decoders, in words; nil where it has those of every memory device.
    ///
    /// They are made by `cxl_port` for the endpoints that `cxl_mem` adds below the ports of `cxl_acpi`
    /// (drivers/cxl/core/hdm.c: devm_cxl_enumerate_decoders()); a device whose endpoint fails to come up has no decoders,
    /// as on 6.1 wherever firmware committed a ram region.
    package var whyDecodersAreUnseen: String? {
        if lacks(.cxlDevices) { return "the recording does not include the CXL devices" }
        if let module = missingCxlDriver {
            return "\(module) is not \(modules.builtin.contains(module) ? "bound" : "loaded")"
        }
        if memdevs.isEmpty { return "there is no CXL memory device" }
        if !material.unrecorded.isEmpty, let missing = missingTarget {
            return "the recording does not include \(missing)"
        }
        return memdevs.first { !$0.hasEndpoint }.map { "\($0.name) has no endpoint" }
    }

    /// The first target of a region that is not among the decoders.
    private var missingTarget: String? {
        let names = Set(decoders.map(\.name))
        return regions.lazy.flatMap(\.targets).first { !names.contains($0) }
    }

    /// The first of the drivers of memory devices and their decoders that is not in.
    package var missingCxlDriver: String? {
        if !windows.contains(where: \.isLive) { return "cxl_acpi" }
        return ["cxl_pci", "cxl_mem", "cxl_port"].first { ![.live, .builtin].contains(modules.state(of: $0)) }
    }

    /// The bytes that decoders of memory devices answer for, as far as sysfs shows them.
    ///
    /// A region is committed by decoders for all of its bytes, whatever address they show: that of a device which
    /// translates addresses by itself is another one (drivers/cxl/core/hdm.c: cxl_decoder_init()).
    package var decodedBytes: [AddressRange] {
        let committed = regions.filter { $0.committed && $0.range != nil }
        let names = Set(committed.map(\.name))
        let others = decoders.filter { $0.kind == .endpoint && !names.contains($0.region ?? "") }
        return (others.compactMap(\.range) + committed.compactMap(\.range)).merged()
    }

    /// Whether a region that was committed in this boot is gone: sysfs has the decoders and no region over all of its bytes, or
    /// `cxl_acpi` is gone and the kernel has reset decoders that are not locked.
    package func hasLost(_ region: RememberedRegion) -> Bool {
        if regions.contains(where: { $0.committed && $0.range?.contains(region.range) == true }) { return false }
        return seesDecoders
            || !region.locked && !windows.contains(where: \.isLive) && !kernel.mayKeepDecodersUnshown
    }

    /// Whether a region of persistent memory that was committed in this boot is gone, as `hasLost(_:)`. A region over
    /// the same bytes of the same devices counts as this one, at any address.
    package func hasLost(_ region: PmemRegion) -> Bool {
        if pmemRegions.contains(where: { $0.layout.isSame(as: region.layout) }) { return false }
        return seesDecoders || !windows.contains(where: \.isLive) && !kernel.mayKeepDecodersUnshown
    }

    /// The regions of persistent memory that are to be remembered, in place of those that are `kept` until now. One that is locked
    /// comes back by itself.
    package func pmemToRemember(kept: [PmemRegion]) -> [PmemRegion] {
        guard missingCxlDriver == nil else { return kept }
        let locked = Set(regions.filter { $0.locked == true }.map(\.name))
        let seen = pmemRegions.filter { !locked.contains($0.layout.name) }.map { region in
            // What can't be read now, as while libnvdimm is not loaded, is as it was.
            var region = region
            region.volumes = region.volumes ?? kept.first { $0.layout.isSame(as: region.layout) }?.volumes
            return region
        }
        // Also one that can't be told to be lost, while a memory device has no endpoint yet.
        let gone = kept.filter { old in
            !pmemRegions.contains { $0.layout.takesBytes(of: old.layout) }
        }
        return (seen + gone).sorted { $0.layout.range < $1.layout.range }
    }

    /// What is to be remembered of the decoders before they go out of sight, in place of what is `kept` until now.
    ///
    /// What was kept stays: with `cxl_pci` out the regions are no longer committed when `cxl_acpi` goes, and an unlocked
    /// region that was reset is still not decoded when `cxl_acpi` has come and goes again. Only a region that is seen
    /// now takes the place of those over the same bytes, or with the same bytes of a memory device.
    ///
    /// - Parameter withDevices: The dax devices are as their user has them. Within a run steps have taken some of them away, and
    ///   those that were kept count; as they do if dax_cxl shows none.
    package func decodersToRemember(kept: RememberedDecoders?, withDevices: Bool = false) -> RememberedDecoders? {
        guard missingCxlDriver == nil else { return kept }
        let committed = regions.filter(\.committed)
        let ram = committed.filter { $0.mode == "ram" && $0.range != nil }
        let keptDevices = Dictionary(
            (kept?.regions ?? []).map { ($0.range, $0.layout?.devices) },
            uniquingKeysWith: { first, _ in first }
        )
        let seen = zip(ram, layouts(of: ram)).map { region, layout in
            var layout = layout
            if !withDevices || layout.devices == nil { layout.devices = keptDevices[layout.range] ?? nil }
            return RememberedRegion(range: layout.range, locked: region.locked == true, layout: layout)
        }
        let unseen = (kept?.regions ?? []).filter { old in
            !seen.contains { new in
                new.range.overlaps(old.range) || old.layout.map { new.layout?.takesBytes(of: $0) == true } ?? false
            }
        }
        let reset = committed.filter { $0.locked != true }.compactMap(\.range)
        let programmed = decodedBytes
        return RememberedDecoders(
            regions: (seen + unseen).sorted { $0.range < $1.range },
            decoded: programmed.flatMap { $0.subtracting(reset) },
            isComplete: seesDecoders && (reset.isEmpty || !kernel.mayKeepDecodersUnshown)
        )
    }
}

/// Who is to own Soft Reserved memory from the next boot on; the raw value is the word in the JSON documents.
package enum BootChoice: String, Sendable, CaseIterable {
    /// `cxl_pmem`, `cxl_acpi`, `cxl_pci` and `cxl_mem` come before dax_hmem.
    case cxl
    /// `cxl_acpi` is never loaded, and not started where it is part of the kernel image.
    case hmem
}

/// A value that was inferred, with the facts it was inferred from, one sentence each, naming the file.
package struct Inferred<Value: Sendable & Equatable>: Sendable, Equatable {
    /// What was found.
    package var value: Value
    /// Why: one sentence for each fact, with the file it stands in.
    package var evidence: [String]

    /// A value with its evidence.
    package init(_ value: Value, evidence: [String]) {
        self.value = value
        self.evidence = evidence
    }
}

/// The state of the one probe of dax_hmem that asks the CXL regions (`hmem_platform.did_probe`, drivers/dax/hmem/device.c, 7.1 on).
package enum InitialProbe: String, Sendable, CaseIterable {
    /// No dax_hmem probe has met a CXL window in this boot.
    case pending
    /// A probe met a window: later loads leave every range in a window to CXL.
    case done
    /// Nothing tells.
    case unknown
}
