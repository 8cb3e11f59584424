import Iomem
import Machine

/// What no step changes about a machine: read once, the same in every model that steps make of one another.
struct ModelConstants: Equatable, Sendable {
    /// Which rules the kernel follows.
    var generation: Generation
    /// Modules that are part of the kernel image.
    var builtin: Set<String>
    /// The platform devices of the drivers that can be bound and unbound, by module.
    var drivers: [String: DriverDevices]
    /// What decides whether a module is loaded or removed.
    var modules: ModuleFacts
    /// `/proc/sys/kernel/modules_disabled` is 1.
    var modulesAreDisabled: Bool
    /// The mode of lockdown, where there is one that forbids something.
    var lockdown: String?
    /// It can start another kernel by kexec, and no region of this boot is gone.
    var allowsKexec: Bool
    /// The loaded modules without a valid signature.
    var unsignedModules: Set<String>
    /// `persist cxl` is in place: a soft dependency of dax_hmem loads the CXL modules before it, `cxl_pmem` first.
    var loadsCxlFirst: Bool
    /// Who lets `cxl_acpi` in again also gives the kernel back its helper for request_module().
    var releaseRestoresHelper = false
    /// dax_cxl takes a region only while `KernelModel.mode` is `drop` (`Rule.claimsAwaitMode`).
    var claimsAwaitMode: Bool
    /// `Kernel.keepsLockedDecoders`.
    let keepsLockedDecoders: Bool?

    /// The CXL windows, as iomem has them while `cxl_acpi` is bound.
    private(set) var windows: [AddressRange]
    private var windowIndex: RangeIndex
    /// The HMEM ranges, each of which dax_hmem takes as a whole; none where `device_hmem.disable` is set.
    var ranges: [AddressRange]
    /// `device_hmem.disable`.
    var hmemIsDisabled: Bool
    /// `dax_hmem.region_idle`.
    var regionIsIdle: Bool
    /// "Soft Reserved" lines of iomem, on kernels that print them.
    private(set) var softReservedLines: [AddressRange]
    private let softReservedIndex: RangeIndex
    /// The kernel prints them.
    var showsSoftReserved: Bool
    /// "hmem.N" lines of iomem. Only up to 6.2 the devices have resources of their own, from boot on, whatever is loaded
    /// (drivers/dax/hmem/device.c: hmem_register_device(); later drivers/dax/hmem/hmem.c makes them without).
    var hmemLines: [AddressRange]
    /// What an accelerator's own driver uses, through a region without a dax region.
    let acceleratorMemory: [AddressRange]
    /// What the kernel has used as memory since the boot.
    var systemRAM: [AddressRange]
    /// What lies under the HMEM ranges, where they reach beyond Soft Reserved memory.
    let under: UnitMemory

    /// Bytes that no memory answers for at the start: in windows without a decoder, and in HMEM ranges without memory.
    var undecoded: [AddressRange] = []
    /// Bytes in windows of which nothing tells whether a decoder answers for them.
    var doubt = DecoderDoubt()

    /// The memory blocks as they are at the start: their size, zones, whether they can be removed, and the room elsewhere.
    var memory: MemoryBlocks
    /// The NUMA node of the bytes of a dax device, where it is known.
    var nodes: [AddressRange: Int]
    /// kmem takes a new device without being told (6.3 on: the type kmem of dax devices, drivers/dax/bus.c).
    var kmemComesUnasked: Bool
    /// Devices of kmem that neither dax_hmem nor dax_cxl has made, as those of persistent memory.
    var otherMemory: [DaxClaim]
    /// The active namespaces of persistent memory; nil where it is not known which are.
    var pmem: [PmemNamespace]?
    /// `MachineState.pmemRegions`.
    let pmemRegions: [PmemRegion]
    /// How the committed regions of this boot were made, those that are gone too, in address order.
    let layouts: [RegionLayout]
    /// The bytes of `MachineState.lostPmem`.
    let lostPmem: Set<AddressRange>
    /// The capture of `--regions-from`.
    var earlierFile: String?
    /// The name of `MachineState.unfinishedRegion`.
    let unfinishedRegion: String?
    /// Their memory devices that are not there, as far as sysfs shows those that are.
    let missingDevices: Set<MemdevIdentity>
    /// The last byte of each memory device that a decoder has without a region, as `cxl reserve-dpa` gives it one.
    let reservedBytes: [MemdevIdentity: UInt64]
    /// The root decoders: the bytes of each window, and how it interleaves them.
    let roots: [RootDecoder]
    /// The memory devices whose persistent regions may wait in decoders that sysfs does not show.
    var hiddenPmem: [String] = []

    /// What `machine` shows, apart from its decoders.
    init(of machine: MachineState, generation: Generation) {
        self.generation = generation
        builtin = machine.modules.builtin
        drivers = machine.modules.drivers
        modules = ModuleFacts(of: machine, generation)
        modulesAreDisabled = machine.kernel.modulesDisabled
        lockdown = machine.kernel.lockdown.flatMap { $0 == "none" ? nil : $0 }
        allowsKexec = machine.kernel.allowsKexec && machine.lostRegions.isEmpty
        unsignedModules = Set(machine.modules.loaded.filter(\.value.isUnsigned).keys)
        loadsCxlFirst = machine.persisted == .cxl
        keepsLockedDecoders = machine.kernel.keepsLockedDecoders
        claimsAwaitMode = generation == .allOrNothing && machine.kernel.claimsAwaitMode == true
        softReservedLines = machine.iomem.entries { $0 == "Soft Reserved" }.map(\.range)
        hmemLines = machine.iomem.entries { modelName($0) == "hmem.N" }.map(\.range)
        let lines = softReservedLines
        let index = RangeIndex(lines)
        softReservedIndex = index
        windows = machine.windows.map { window in
            window.isLive
                ? window.range : window.range.grown(over: index.places(overlapping: window.range).map { lines[$0] })
        }
        windowIndex = RangeIndex(windows)
        hmemIsDisabled = machine.hmemSettings.isDisabled
        ranges = machine.hmemRanges
        under = UnitMemory(of: machine)
        regionIsIdle = machine.hmemSettings.regionIsIdle
        showsSoftReserved = machine.kernel.showsSoftReserved
        acceleratorMemory = machine.regions.filter(\.isOfAccelerator).compactMap(\.range)
        systemRAM = machine.iomem.entries { $0 == "System RAM" }.map(\.range)
        memory = machine.memory
        nodes = [:]
        for device in machine.daxDevices where device.targetNode != nil || !nodes.isEmpty {
            for range in device.ranges { nodes[range] = device.targetNode }
        }
        // Of the kernels without dax_cxl the old ones have the lines; later ones are built so (CONFIG_DEV_DAX_CXL).
        kmemComesUnasked = generation != .hmemOnly || !machine.kernel.showsSoftReserved
        otherMemory = machine.daxDevices.filter { $0.owner == nil && $0.driver == "kmem" }.map {
            DaxClaim($0, owner: .none, reserved: [])
        }
        pmem = machine.pmem
        pmemRegions = machine.pmemRegions
        layouts = machine.layouts
        lostPmem = Set(machine.lostPmem.map(\.layout.range))
        unfinishedRegion = machine.unfinishedRegion?.name
        missingDevices =
            machine.seesDecoders
            ? Set(layouts.flatMap(\.targets).compactMap(\.device).filter { machine.memdev($0) == nil }) : []
        // Those of a region that was begun are given back by the step that creates it.
        let begun = machine.unfinishedRegion.map { Set(machine.decoders(takenFor: $0).map(\.name)) } ?? []
        let reserving = machine.decoders.filter { $0.isReserving && !begun.contains($0.name) }
        reservedBytes = Dictionary(
            reserving.compactMap { decoder in
                let device = machine.memdevs.first { $0.name == decoder.memdev }?.identity
                return device.flatMap { device in decoder.dpa.map { (device, $0.end) } }
            },
            uniquingKeysWith: max
        )
        roots = machine.decoders.filter { $0.kind == .root }.compactMap { decoder in
            decoder.range.map { RootDecoder(range: $0, interleave: decoder.interleave) }
        }
    }

    /// Loading dax_hmem makes the kernel ask for the CXL modules.
    var asksForCxl: Bool { hasInitialProbe || generation == .allOrNothing }

    /// One probe of dax_hmem asks the regions, range by range, and dax_cxl depends on dax_hmem.
    var hasInitialProbe: Bool { generation == .coordinated || generation == .unfixed }

    /// Two dax regions never share a byte (`Rule.firstClaimWins`).
    var refusesOverlap: Bool { hasInitialProbe || generation == .allOrNothing && !claimsAwaitMode }

    /// The kernel puts new memory blocks online by itself (`auto_online_blocks`).
    var onlinesBlocks: Bool { memory.autoOnline?.hasPrefix("online") == true }

    /// Whether `range` meets a window, in iomem now or not.
    func meetsWindow(_ range: AddressRange) -> Bool { windowIndex.overlaps(range) }

    /// Whether a "Soft Reserved" line of iomem has bytes of `range`.
    func isSoftReservedInIomem(_ range: AddressRange) -> Bool { softReservedIndex.overlaps(range) }

    /// Adds windows that the material of the machine does not show.
    mutating func suppose(windows more: [AddressRange]) {
        windows += more
        windowIndex = RangeIndex(windows)
    }

    /// The bytes of HMEM ranges that lie in windows.
    var rangesInWindows: [AddressRange] { ranges.flatMap(windowIndex.intersections) }

    /// What kmem adds of `range`: whole memory blocks; nil where it holds none (drivers/dax/kmem.c: dax_kmem_range()).
    func memoryBlocks(in range: AddressRange) -> AddressRange? {
        memory.blockSize > 0 ? range.wholeBlocks(of: memory.blockSize) : range
    }

    /// The room for what is in the memory over `ranges`; nil where nothing of it is online, or it is not known.
    func room(toOffline ranges: [AddressRange]) -> OfflineRoom? {
        let over = nodes.filter { bytes, _ in ranges.contains { $0.overlaps(bytes) } }
        return OfflineRoom(of: ranges, in: memory, nodes: Set(over.values))
    }
}

/// The decoder of a window.
struct RootDecoder: Equatable, Sendable {
    /// The bytes of the window.
    var range: AddressRange
    /// Over how many host bridges it spreads them, and how; nil if it is not known.
    var interleave: Decoder.Interleave?
}

/// Bytes in windows of which nothing tells whether a decoder answers for them.
struct DecoderDoubt: Equatable, Sendable {
    /// What would end the doubt.
    enum Remedy: Equatable, Sendable {
        /// The drivers show the decoders, once this command has loaded them.
        case showDecoders(by: String)
        /// The drivers are kept out: at the next boot, the decoders are as the firmware leaves them.
        case reboot
        /// The drivers are in and show too little: a boot without them leaves the decoders alone.
        case rebootWithoutDrivers
    }

    /// The bytes.
    var ranges: [AddressRange] = []
    /// Why no decoder is seen, and why one may have been reset, one sentence each.
    var reasons: [String] = []
    /// What would end it.
    var remedy: Remedy = .reboot
}

extension AddressRange {
    /// What becomes of a window in iomem where a "Soft Reserved" line crosses its edge: it grows over the whole line.
    /// A line that holds the whole window stays above it
    /// (drivers/cxl/acpi.c: add_cxl_resources(), insert_resource_expand_to_fit(); seen on 6.12).
    fileprivate func grown(over lines: [AddressRange]) -> AddressRange {
        lines.filter { !$0.contains(self) }.reduce(self) { grown, line in
            [grown, line].merged().first ?? grown
        }
    }
}
