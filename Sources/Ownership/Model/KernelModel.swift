import Iomem
import Machine

/// One way that the machine can be: everything that the rules ask for, with each unknown fact decided one way.
///
/// A step turns a world into a world; what can't be known is several worlds side by side.
struct KernelModel: Equatable, Sendable {
    var generation: Generation
    /// Live modules that can be removed.
    var loaded: Set<String>
    /// Modules that are part of the kernel image.
    var builtin: Set<String>
    var modules: ModuleFacts
    var isHeld: Bool
    /// Who lets `cxl_acpi` in again also gives the kernel back its helper for request_module().
    var releaseRestoresHelper = false
    /// `persist cxl` is in place: a soft dependency of dax_hmem loads the CXL modules before it, `cxl_pmem` first.
    var loadsCxlFirst = false
    /// `cxl_acpi` is bound: the windows are in iomem.
    var windowsAreLive: Bool
    var windows: [AddressRange]
    /// kmem takes a new device without being told (6.3 on: the type kmem of dax devices, drivers/dax/bus.c).
    var kmemComesUnasked = true
    /// Bytes in a memory block; 0 where that is not known.
    var blockSize: UInt64 = 0
    /// The kernel puts new memory blocks online by itself (`auto_online_blocks`).
    var onlinesBlocks = false
    /// `dax_hmem.region_idle`.
    var regionIsIdle: Bool
    var ranges: [AddressRange]
    /// `device_hmem.disable`: there is no HMEM range.
    var hmemIsDisabled = false
    var regions: [ModelRegion]
    var claims: [DaxClaim]
    /// The initial probe is still to come.
    var probeIsPending: Bool
    /// The memory devices whose persistent regions may wait in decoders that sysfs does not show, in words.
    var hiddenPmem: [String] = []
    /// Bytes in windows that no decoder answers for.
    var undecoded: [AddressRange]
    /// Bytes in windows of which nothing tells whether a decoder answers for them; the same in every world of a machine.
    var maybeUndecoded: [AddressRange] = []
    /// "Soft Reserved" lines of iomem, on kernels that print them.
    var softReservedLines: [AddressRange] = []
    /// What the kernel has used as memory since the boot.
    var systemRAM: [AddressRange] = []
    /// Memory that kmem added and whose device is gone.
    var leaked: [AddressRange]
    /// Online memory blocks.
    var onlineBlocks: [AddressRange]
    /// Why each range is as it is; of two that overlap, the smaller is the newer.
    var decisions: [AddressRange: Decision]
    /// How each unknown fact was decided, by its index.
    var assumptions: [Int: Int]

    /// What kmem adds of `range`: whole memory blocks; nil where it holds none (drivers/dax/kmem.c: dax_kmem_range()).
    func memoryBlocks(in range: AddressRange) -> AddressRange? {
        guard blockSize > 0 else { return range }
        let start = (range.start + blockSize - 1) / blockSize * blockSize
        let end = (range.end + 1) / blockSize * blockSize
        return end > start ? AddressRange(start: start, end: end - 1) : nil
    }

    func has(_ module: String) -> Bool { loaded.contains(module) || builtin.contains(module) }

    /// Notes why `range` is as it is: what was decided before for bytes within it counts no more.
    mutating func decide(_ range: AddressRange, _ rules: [Rule], _ why: String) {
        decisions = decisions.filter { !range.contains($0.key) }
        decisions[range] = Decision(rules: rules.map(\.id), why: why)
    }

    /// What can change between two steps, for comparing.
    func isSame(as other: KernelModel) -> Bool {
        var copy = other
        copy.decisions = decisions
        return copy == self
    }
}

/// A region, in sysfs or waiting in its decoders.
struct ModelRegion: Equatable, Sendable {
    var name: String
    var range: AddressRange
    var mode: String
    var committed: Bool
    /// Its decoders stay when `cxl_acpi` goes.
    var keepsDecoders: Bool
    /// Why its decoders are locked in name only.
    var lockIsIgnored: Bool
    var assembled: Bool
    /// Decoders of memory devices are programmed for it: without, it is only a name and goes with `cxl_acpi`.
    var hasDecoders = true
    /// The memory devices' drivers went and left its locked decoders as they were: with them it is committed again.
    var isDetached = false
    /// It is persistent and was assembled while cxl_pmem was out: it has no nvdimm bridge.
    var lacksBridge = false
    /// It is a line of iomem, which cuts what is not inside of it. The kernel goes on where it can't be inserted
    /// (drivers/cxl/core/region.c: __construct_region(), "cannot insert resource").
    var hasLine = true
    /// In sysfs now; else it appears with `cxl_acpi`, `cxl_pci` and `cxl_mem`.
    var isPresent: Bool

    /// Committed as before.
    mutating func attach() {
        isDetached = false
        committed = true
        assembled = true
    }

    /// Whether dax_cxl makes a device over it where nobody is in the way.
    var canBeClaimed: Bool { isPresent && committed && assembled && mode == "ram" }
}

/// A dax device over bytes.
struct DaxClaim: Equatable, Sendable {
    var owner: Owner
    /// The bytes of the device; none where the region is idle.
    var ranges: [AddressRange]
    /// More bytes that its dax region keeps from others.
    var reserved: [AddressRange] = []
    var through: String
    var device: String?
    var driver: String?
    /// A step has bound the driver by name: nobody's habit decides over it.
    var isPut = false
    var users: [DaxUser]
    var usersAreKnown = true

    func overlaps(_ range: AddressRange) -> Bool { ranges.contains { $0.overlaps(range) } }

    /// Whether another dax region could not have bytes of `range` (drivers/dax/bus.c, 7.1 on: alloc_dax_region()).
    func excludes(_ range: AddressRange) -> Bool { overlaps(range) || reserved.contains { $0.overlaps(range) } }
}

/// Why a range has the owner it has.
struct Decision: Equatable, Sendable {
    var rules: [String]
    var why: String
}

/// What a step did to a world.
struct StepOutcome: Sendable {
    var worlds: [KernelModel]
    /// The kernel refuses it: why, with the errno where there is one.
    var refusal: String?

    init(_ world: KernelModel, refusal: String? = nil) {
        worlds = [world]
        self.refusal = refusal
    }

    init(_ worlds: [KernelModel]) { self.worlds = worlds }
}
