public import Iomem

/// Who holds bytes of Soft Reserved memory; the raw value is the word in the JSON documents.
public enum Owner: String, Sendable, CaseIterable, Comparable {
    /// A dax device below `regionN/dax_regionN`.
    case cxl
    /// A dax device below `hmem.N`.
    case hmem
    /// Nobody.
    case none
    /// Two devices over the same bytes (possible before 7.1).
    case both

    /// In the order of declaration, for stable output.
    public static func < (left: Owner, right: Owner) -> Bool { left.order < right.order }

    private var order: Int { Owner.allCases.firstIndex(of: self) ?? 0 }
}

/// A dax device as sysfs shows it.
public struct DaxDevice: Sendable, Equatable {
    /// `dax0.0`. The number says nothing about the owner.
    public var name: String
    /// The bytes of its mappings (`mappingN/start`, `end`; else `resource`, `size`), in address order.
    public var ranges: [AddressRange]
    /// Where its dax region begins, as `resource` says of a device without bytes; nil where it has some.
    public var regionStart: UInt64?
    /// `cxl` or `hmem`, from the device's real path; nil for other kinds (pmem).
    public var owner: Owner?
    /// What it hangs below: `region0` or `hmem.0`.
    public var through: String
    /// The bound driver: `kmem`, `device_dax`, or nil.
    public var driver: String?
    /// `state`, which kmem gives a device (7.3 on): `unplugged`, `offline`, `online`, `online_kernel`, `online_movable`, as
    /// it was last written; single blocks may have changed since. Nil where there is none.
    public var memoryState: String?
    /// `target_node`: the NUMA node that its memory is in while kmem has it; nil where it is not known.
    public var targetNode: Int?
    /// Processes that have `/dev/daxN.M` open or mapped, as far as `/proc` could be read.
    public var users: [DaxUser]
    /// `/proc` shows the open files of every process; else there may be more users.
    public var usersAreKnown = true

    /// A dax device as sysfs shows it.
    public init(
        name: String,
        ranges: [AddressRange],
        owner: Owner?,
        through: String,
        driver: String?,
        memoryState: String? = nil,
        targetNode: Int? = nil,
        regionStart: UInt64? = nil
    ) {
        self.name = name
        self.ranges = ranges
        self.owner = owner
        self.through = through
        self.driver = driver
        self.memoryState = memoryState
        self.targetNode = targetNode
        self.regionStart = regionStart
        users = []
    }
}

/// A process that uses a dax device.
public struct DaxUser: Sendable, Equatable {
    /// The process.
    public var pid: Int
    /// `/proc/PID/comm`.
    public var command: String
    /// It has the device mapped, not only open.
    public var isMapped: Bool

    /// A process that uses a dax device.
    public init(pid: Int, command: String, isMapped: Bool) {
        self.pid = pid
        self.command = command
        self.isMapped = isMapped
    }
}

/// An hmem platform device.
public struct HmemDevice: Sendable, Equatable {
    /// `hmem.0`.
    public var name: String
    /// It hangs below `hmem_platform.0` (7.1 on), not directly below `platform`.
    public var isBelowPlatform: Bool
    /// The `hmem` driver is bound.
    public var isBound: Bool

    /// An hmem platform device as sysfs shows it.
    public init(name: String, isBelowPlatform: Bool, isBound: Bool) {
        self.name = name
        self.isBelowPlatform = isBelowPlatform
        self.isBound = isBound
    }
}

/// What parameters tell dax_hmem.
public struct HmemSettings: Sendable, Equatable {
    /// `device_hmem.disable`: the kernel makes no HMEM range at all (drivers/dax/hmem/device.c: hmem_init()).
    public var isDisabled: Bool
    /// `dax_hmem.region_idle` on the kernel command line: its regions have a device of size 0
    /// (drivers/dax/hmem/hmem.c: dax_hmem_probe()).
    public var regionIsIdle: Bool
    /// The same for the module that is loaded now, from `/sys/module`; nil while it is out.
    public var loadedRegionIsIdle: Bool?

    /// The defaults, unless told otherwise.
    public init(isDisabled: Bool = false, regionIsIdle: Bool = false, loadedRegionIsIdle: Bool? = nil) {
        self.isDisabled = isDisabled
        self.regionIsIdle = regionIsIdle
        self.loadedRegionIsIdle = loadedRegionIsIdle
    }
}

/// The hot-pluggable memory of `/sys/devices/system/memory`.
public struct MemoryBlocks: Sendable, Equatable {
    /// Bytes in a block; 0 where the kernel has no memory hotplug.
    public var blockSize: UInt64
    /// The policy for new blocks: `offline`, `online`, `online_movable`, `online_kernel`; nil where unreadable.
    public var autoOnline: String?
    /// The blocks, in address order.
    public var blocks: [MemoryBlock]
    /// udev's rules files that put new blocks online by themselves.
    public var onliningRules: [String]
    /// What the host has to spare; nil where it is not known.
    public var room: MemoryRoom?

    /// No blocks.
    public init() {
        blockSize = 0
        autoOnline = nil
        blocks = []
        onliningRules = []
        room = nil
    }

    /// The blocks that share a byte with `range`.
    public func blocks(in range: AddressRange) -> [MemoryBlock] { blocks.filter { $0.range.overlaps(range) } }
}

/// One memory block.
public struct MemoryBlock: Sendable, Equatable {
    /// The number in `memoryN`.
    public var number: Int
    /// The bytes, inclusive ends.
    public var range: AddressRange
    /// `state` is not `offline`.
    public var isOnline: Bool
    /// The zone while online (`Normal`, `Movable`), from `valid_zones`; nil where unknown.
    public var zone: String?
    /// `removable`: the kernel can remove memory; nil where it does not say.
    public var isRemovable: Bool?

    /// One memory block.
    public init(number: Int, range: AddressRange, isOnline: Bool, zone: String?, isRemovable: Bool? = nil) {
        self.number = number
        self.range = range
        self.isOnline = isOnline
        self.zone = zone
        self.isRemovable = isRemovable
    }
}
