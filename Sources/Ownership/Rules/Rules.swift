package import Machine

/// One rule of the kernel: what it does, on which kernels, and where that is known from.
package struct Rule: Sendable, Equatable {
    /// The id that predictions name.
    package let id: String
    /// What the kernel does.
    package let statement: String
    /// The generations it holds for.
    package let generations: Set<Generation>
    /// Kernel file and function, or the maintainers' mail, and how it was seen.
    package let source: String

    init(_ id: String, _ generations: Set<Generation>, _ statement: String, source: String) {
        self.id = id
        self.statement = statement
        self.generations = generations
        self.source = source
    }

    /// The rule with that id.
    package static func named(_ id: String) -> Rule? { all.first { $0.id == id } }

    /// Whether it is one of the rules of `generation`.
    package func holds(for generation: Generation) -> Bool { generations.contains(generation) }
}

extension Rule {
    private static let every = Set(Generation.allCases)
    private static let withDaxCxl: Set<Generation> = [.deferring, .coordinated, .unfixed, .allOrNothing]
    private static let asking: Set<Generation> = [.coordinated, .unfixed]

    /// Every rule that the model knows, in the order in which `explain` prints them.
    package static let all: [Rule] = owners + claims + steps

    static let hmemOwnsAll = Rule(
        "hmem-owns-all",
        [.hmemOnly],
        "Without dax_cxl, dax_hmem owns every Soft Reserved range, in a window or not.",
        source: "drivers/dax/hmem/hmem.c up to 6.2; seen on a booted 6.1"
    )
    static let outsideWindows = Rule(
        "outside-windows",
        every,
        "A range that overlaps no CXL window belongs to dax_hmem, on every load.",
        source:
            "drivers/dax/hmem/hmem.c: hmem_register_device(), region_intersects(IORES_DESC_CXL); seen on 6.12 and 7.3"
    )
    static let noWindow = Rule(
        "no-window",
        withDaxCxl,
        "While cxl_acpi is not loaded or bound, /proc/iomem has no CXL window, and dax_hmem owns every Soft Reserved range.",
        source: "drivers/cxl/acpi.c: cxl_acpi_probe() adds the windows; seen on 6.12 and 7.3"
    )
    static let deferToCxl = Rule(
        "defer-to-cxl",
        [.deferring],
        "A range that overlaps a CXL window is left to CXL, with or without a region.",
        source: "drivers/dax/hmem/hmem.c (6.12): hmem_register_device() \"deferring range to CXL\"; seen on 6.12"
    )
    static let initialProbeRegion = Rule(
        "initial-probe-region",
        asking,
        "On the first dax_hmem probe that finds a CXL window, a range that lies within one committed region is left to CXL.",
        source: "drivers/dax/hmem/hmem.c (7.3): hmem_register_cxl_device(); drivers/cxl/core/region.c: "
            + "cxl_region_contains_resource(); seen on 7.3"
    )
    static let initialProbeHmem = Rule(
        "initial-probe-hmem",
        asking,
        "On the first dax_hmem probe that finds a CXL window, a range that lies in no single committed region goes to dax_hmem as a whole.",
        source:
            "drivers/dax/hmem/hmem.c (7.3): hmem_register_cxl_device() \"CXL did not claim resource, registering\"; "
            + "seen on 7.3"
    )
    static let laterProbeDefers = Rule(
        "later-probe-defers",
        [.coordinated],
        "After the initial probe, dax_hmem leaves every range that overlaps a window to CXL, with or without a region.",
        source:
            "drivers/dax/hmem/hmem.c (7.3): hmem_register_device(), did_probe; drivers/dax/hmem/device.c; seen on 7.3"
    )
    static let reloadRace = Rule(
        "reload-race",
        [.unfixed],
        "On a reload without the deferral, the driver that registers first gets the range.",
        source: "maintainers' mail on version 7 of the series; not seen on a booted kernel"
    )

    private static let owners = [
        hmemOwnsAll, outsideWindows, noWindow, deferToCxl, initialProbeRegion, initialProbeHmem, laterProbeDefers,
        reloadRace, allOrNothingCxl, allOrNothingHmem, softReservedLine,
    ]

    static let cxlClaimsRegion = Rule(
        "cxl-claims-region",
        withDaxCxl,
        "dax_cxl creates one dax device over the whole of each assembled ram region, and nothing else.",
        source: "drivers/dax/cxl.c: cxl_dax_region_probe(); seen on 6.12 and 7.3"
    )
    static let firstClaimWins = Rule(
        "first-claim-wins",
        asking.union([.allOrNothing]),
        "Two dax regions never share a byte: the second one fails with -ENOMEM.",
        source: "drivers/dax/bus.c (7.1 on, and version 6 of the series): alloc_dax_region(), \"dax_region resource "
            + "conflict\"; seen on 7.3"
    )
    static let bothClaim = Rule(
        "both-claim",
        [.deferring, .allOrNothing],
        "dax_hmem and dax_cxl can each have a dax device over the same bytes.",
        source: "drivers/dax/bus.c before 7.1: alloc_dax_region() has no such check; seen on 6.12"
    )
    static let alignment = Rule(
        "alignment",
        every,
        "A dax region whose start or size is not a multiple of 2 MiB is refused.",
        source: "drivers/dax/bus.c: alloc_dax_region(), PMD_SIZE; read in the source"
    )
    static let noRegion = Rule(
        "no-region",
        withDaxCxl,
        "Without an assembled region, dax_cxl owns nothing.",
        source: "drivers/dax/cxl.c: cxl_dax_region_probe(); seen on 6.12 and 7.3"
    )
    static let noDriver = Rule(
        "no-driver",
        every,
        "While neither dax_hmem nor dax_cxl is loaded, the range has no owner.",
        source: "drivers/dax/bus.c: a dax device goes with the driver of its parent; seen on 6.12 and 7.3"
    )

    static let regionIdle = Rule(
        "region-idle",
        every,
        "With dax_hmem.region_idle set, dax_hmem creates a dax region whose device has size 0.",
        source: "drivers/dax/hmem/hmem.c: dax_hmem_probe(), region_idle; seen on 7.3"
    )
    static let proximityRanges = Rule(
        "proximity-ranges",
        every,
        "If there is an HMAT, dax_hmem's ranges are those of the SRAT. A Soft Reserved range that overlaps one is not a range itself, "
            + "and its bytes outside the SRAT ranges have no owner.",
        source: "drivers/acpi/numa/hmat.c: hmat_register_target_devices(); drivers/dax/hmem/device.c: "
            + "__hmem_register_resource(); seen on 6.12 and 7.3"
    )
    static let sratRangeWhole = Rule(
        "srat-range-whole",
        every,
        "If there is an HMAT, dax_hmem takes each SRAT range with Soft Reserved bytes as a whole, with its bytes of System RAM, "
            + "to which no driver can bind, and with bytes that have no memory.",
        source:
            "drivers/dax/hmem/hmem.c: hmem_register_device(), region_intersects_soft_reserve(); seen on 6.12 and 7.3"
    )
    static let mixedRange = Rule(
        "mixed-range",
        [.hmemOnly, .deferring],
        "If /proc/iomem has Soft Reserved lines, dax_hmem takes no SRAT range that also covers something else, such as System "
            + "RAM: its Soft Reserved bytes have no owner.",
        source:
            "drivers/dax/hmem/hmem.c (6.12): hmem_register_device(), region_intersects() is REGION_MIXED; seen on 6.12"
    )
    static let hmemDisabled = Rule(
        "hmem-disabled",
        every,
        "With device_hmem.disable set, there is no HMEM range and dax_hmem owns nothing.",
        source: "drivers/dax/hmem/device.c: hmem_init(), disable; read in the source"
    )

    static let unbindFreesRange = Rule(
        "unbind-frees-range",
        every,
        "Unbinding dax_hmem from one hmem.N removes the dax devices of that range only. The range then has no owner until "
            + "dax_hmem is bound to hmem.N again or dax_cxl takes a region over it.",
        source: "drivers/base/bus.c: unbind_store(); drivers/dax/hmem/hmem.c: dax_hmem_probe(); seen on 6.12 and 7.3"
    )
    static let bindTakesRange = Rule(
        "bind-takes-range",
        every,
        "Binding dax_hmem again to an hmem.N gives it that range back. The kernel does not check windows and regions then, "
            + "but from 7.1 on it refuses bytes that another dax region has.",
        source: "drivers/base/bus.c: bind_store(); drivers/dax/hmem/hmem.c: dax_hmem_probe(); seen on 6.12 and 7.3"
    )

    private static let claims = [
        regionIdle, proximityRanges, sratRangeWhole, mixedRange, hmemDisabled, cxlClaimsRegion, firstClaimWins,
        bothClaim, claimsAwaitMode,
        alignment, noRegion, noDriver, unbindFreesRange, bindTakesRange,
    ]

    static let requestsCxl = Rule(
        "hmem-requests-cxl",
        asking.union([.allOrNothing]),
        "Loading dax_hmem makes the kernel load cxl_acpi and cxl_pci, unless something blocks them.",
        source: "drivers/dax/hmem/hmem.c (7.3, and versions 5 and 6 of the series): dax_hmem_init() request_module(); "
            + "seen on 7.3"
    )
    static let softdepCxl = Rule(
        "hmem-softdep-cxl",
        [.deferring],
        "Loading dax_hmem with modprobe loads cxl_acpi first.",
        source: "drivers/dax/hmem/hmem.c (6.3 to 7.0): MODULE_SOFTDEP(\"pre: cxl_acpi\"); seen on 6.12"
    )
    static let dependsOnHmem = Rule(
        "cxl-depends-on-hmem",
        asking,
        "dax_cxl depends on dax_hmem: loading it loads dax_hmem first, and dax_hmem can't be unloaded before dax_cxl.",
        source: "drivers/dax/cxl.c (7.1 on): dax_hmem_flush_work(); seen on 7.3"
    )
    static let resetOnRemoval = Rule(
        "removal-resets-decoders",
        withDaxCxl,
        "Unloading cxl_acpi always succeeds and resets the decoders of every committed region. The region does not come back by itself.",
        source: "drivers/cxl/core/region.c: cxl_region_decode_reset(); seen on 6.12 and 7.3"
    )
    static let lockHonoured = Rule(
        "lock-honoured",
        asking.union([.allOrNothing]),
        "A region whose attribute `locked` is 1 keeps its decoders and comes back with cxl_acpi, contents intact. Without "
            + "cxl_pci or cxl_mem it has no dax device; when they are loaded again, it has one again.",
        source: "drivers/cxl/core/region.c (7.x): CXL_REGION_F_LOCK; drivers/cxl/core/hdm.c: cxl_decoder_reset(); "
            + "seen on 7.3"
    )
    static let lockIgnored = Rule(
        "lock-ignored",
        [.deferring],
        "Kernels 6.3 to 6.19 without a backport reset locked decoders, too.",
        source: "drivers/cxl/core/region.c (6.12): cxl_region_decode_reset() has no lock check; seen on 6.12"
    )
    static let lockUnknown = Rule(
        "lock-unknown",
        [.deferring],
        "7.0 keeps locked decoders but has no region attribute `locked` that shows it. A kernel that is not an unpatched "
            + "6.3 to 6.19 may have this as a backport. There it is not known whether locked decoders are kept.",
        source: "drivers/cxl/core/hdm.c (7.0): cxl_decoder_reset(), CXL_DECODER_F_LOCK; read in the source"
    )
    static let unassembledKept = Rule(
        "unassembled-kept",
        withDaxCxl,
        "The decoders of a region that was never assembled stay as they are when cxl_acpi is unloaded.",
        source: "drivers/cxl/core/region.c: only a committed region is reset; seen on 6.12 and 7.3"
    )
    static let holdBlocks = Rule(
        "hold-blocks",
        every,
        "An empty softdep line and an install line for cxl_acpi, in the modprobe.d file that sorts first, block it against "
            + "softdep, request_module and udev.",
        source: "kmod, libkmod-module.c: __kmod_module_fill_softdep(), ignorecmd; seen with kmod 30 on 6.12 and 7.3"
    )

    static let pmemNeedsBridge = Rule(
        "pmem-needs-bridge",
        withDaxCxl,
        "A persistent region that is assembled while cxl_pmem is not loaded has no nvdimm bridge as long as it exists. If "
            + "cxl_pmem is loaded after it, for example by udev, it follows a null pointer and the kernel crashes. Loaded before it, "
            + "cxl_pmem works. If cxl_acpi depends on cxl_pmem, as from 7.1 on, cxl_pmem is always loaded before.",
        source: "drivers/cxl/core/region.c (6.12): devm_cxl_add_pmem_region() drops cxlr->cxl_nvb (-ENXIO) and keeps "
            + "the pmem_region; drivers/cxl/pmem.c: cxl_pmem_region_probe() follows it; seen on 6.12 and 6.18"
    )

    static let pmemNotFromLabels = Rule(
        "pmem-not-from-labels",
        withDaxCxl,
        "The kernel assembles a persistent region from programmed decoders alone. It reads no region labels, so a region whose "
            + "decoders were reset does not come back with the drivers. If a region is created again with the same memory devices in "
            + "the same order, over the same bytes of each, the kernel finds the labels of its namespaces.",
        source:
            "drivers/cxl/pmem.c: cxl_pmem_region_probe(), \"TODO enable CXL labels\", cookie1; drivers/nvdimm/label.c reads "
            + "namespace labels alone; seen on 6.12 and 7.3"
    )

    static let restoredRegion = Rule(
        "restored-region",
        withDaxCxl,
        "A region that was removed can be created again through sysfs, with the same size, memory devices and interleaving. It "
            + "then has a dax region, as before.",
        source:
            "drivers/cxl/core/region.c: create_ram_region_store(), commit_store(), cxl_region_probe(); seen on 6.12 "
            + "and 7.3"
    )
    static let firstFit = Rule(
        "region-first-fit",
        withDaxCxl,
        "A new region gets the first place in its window, in steps of 256 MiB, where /proc/iomem has nothing. The place can't be "
            + "chosen.",
        source: "drivers/cxl/core/region.c: alloc_hpa(); kernel/resource.c: get_free_mem_region(); seen on 6.12 and 7.3"
    )
    static let decoderOrder = Rule(
        "decoder-order",
        withDaxCxl,
        "A port's decoders are programmed in the order of addresses: below a region that is there, none can be added.",
        source: "drivers/cxl/core/region.c: alloc_region_ref(), \"HPA order violation\"; seen on 7.3"
    )
    static let deviceBytesAppended = Rule(
        "device-bytes-appended",
        withDaxCxl,
        "A decoder gets the bytes of its memory device that follow those in use. Which bytes can't be chosen.",
        source: "drivers/cxl/core/hdm.c: cxl_dpa_alloc(); seen on 7.3"
    )

    private static let steps = [
        restoredRegion, firstFit, decoderOrder, deviceBytesAppended,
        requestsCxl, softdepCxl, dependsOnHmem, resetOnRemoval, lockHonoured, lockIgnored, lockUnknown,
        firmwareRegionKept,
        unassembledKept, holdBlocks, pmemNeedsBridge, pmemNotFromLabels,
    ]
}
