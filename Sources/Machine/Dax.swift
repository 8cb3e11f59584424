package import Iomem

/// Who holds bytes of Soft Reserved memory; the raw value is the word in the JSON documents.
package enum Owner: String, Sendable, CaseIterable, Comparable {
    /// A dax device below `regionN/dax_regionN`.
    case cxl
    /// A dax device below `hmem.N`.
    case hmem
    /// Nobody.
    case none
    /// Two devices over the same bytes (possible before 7.1).
    case both

    /// In the order of declaration, for stable output.
    package static func < (left: Owner, right: Owner) -> Bool { left.order < right.order }

    private var order: Int { Owner.allCases.firstIndex(of: self) ?? 0 }
}

/// A dax device as sysfs shows it.
package struct DaxDevice: Sendable, Equatable {
    /// `dax0.0`. The number says nothing about the owner.
    package var name: String
    /// The bytes of its mappings (`mappingN/start`, `end`; else `resource`, `size`), in address order.
    package var ranges: [AddressRange]
    /// Where its dax region begins, as `resource` says of a device without bytes; nil where it has some.
    package var regionStart: UInt64?
    /// `cxl` or `hmem`, from the device's real path; nil for other kinds (pmem).
    package var owner: Owner?
    /// What it hangs below: `region0` or `hmem.0`.
    package var through: String
    /// The bound driver: `kmem`, `device_dax`, or nil.
    package var driver: String?
    /// `state`, which kmem gives a device (7.3 on): `unplugged`, `offline`, `online`, `online_kernel`, `online_movable`, as
    /// it was last written; single blocks may have changed since. Nil if it does not exist.
    package var memoryState: String?
    /// `target_node`: the NUMA node that its memory is in while kmem has it; nil where it is not known.
    package var targetNode: Int?
    /// Processes that have `/dev/daxN.M` open or mapped, as far as `/proc` could be read.
    package var users: [DaxUser]
    /// `/proc` shows the open files of every process; else there may be more users.
    package var usersAreKnown = true
    /// It is known what it hangs below; else `through` is as drivers mostly name it.
    package var throughIsKnown = true
    /// It is known which driver is bound; else `driver` is the one that leaves no line of its own in `/proc/iomem`.
    package var driverIsKnown = true

    /// A dax device as sysfs shows it.
    package init(
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
package struct DaxUser: Sendable, Equatable {
    /// The process.
    package var pid: Int
    /// `/proc/PID/comm`.
    package var command: String
    /// It has the device mapped, not only open.
    package var isMapped: Bool

    /// A process that uses a dax device.
    package init(pid: Int, command: String, isMapped: Bool) {
        self.pid = pid
        self.command = command
        self.isMapped = isMapped
    }
}

/// An hmem platform device.
package struct HmemDevice: Sendable, Equatable {
    /// `hmem.0`.
    package var name: String
    /// It hangs below `hmem_platform.0` (7.1 on), not directly below `platform`.
    package var isBelowPlatform: Bool
    /// The `hmem` driver is bound.
    package var isBound: Bool
    /// Its bytes, if daxswitch has unbound it in this boot; sysfs shows those of a device without driver nowhere.
    package var rangeWhenBound: AddressRange?

    /// An hmem platform device as sysfs shows it.
    package init(name: String, isBelowPlatform: Bool, isBound: Bool, rangeWhenBound: AddressRange? = nil) {
        self.name = name
        self.isBelowPlatform = isBelowPlatform
        self.isBound = isBound
        self.rangeWhenBound = rangeWhenBound
    }
}

/// What parameters tell dax_hmem.
package struct HmemSettings: Sendable, Equatable {
    /// `device_hmem.disable`: the kernel makes no HMEM range at all (drivers/dax/hmem/device.c: hmem_init()).
    package var isDisabled: Bool
    /// `dax_hmem.region_idle` on the kernel command line: its regions have a device of size 0
    /// (drivers/dax/hmem/hmem.c: dax_hmem_probe()).
    package var regionIsIdle: Bool
    /// The same for the module that is loaded now, from `/sys/module`; nil while it is not loaded.
    package var loadedRegionIsIdle: Bool?

    /// The defaults, unless told otherwise.
    package init(isDisabled: Bool = false, regionIsIdle: Bool = false, loadedRegionIsIdle: Bool? = nil) {
        self.isDisabled = isDisabled
        self.regionIsIdle = regionIsIdle
        self.loadedRegionIsIdle = loadedRegionIsIdle
    }
}
