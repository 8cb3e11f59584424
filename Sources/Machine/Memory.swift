package import Iomem

/// The hot-pluggable memory of `/sys/devices/system/memory`.
package struct MemoryBlocks: Sendable, Equatable {
    /// Bytes in a block; 0 where the kernel has no memory hotplug.
    package var blockSize: UInt64
    /// The policy for new blocks: `offline`, `online`, `online_movable`, `online_kernel`; nil where unreadable.
    package var autoOnline: String?
    /// The blocks, in address order, apart from each other.
    package var blocks: [MemoryBlock]
    /// udev's rules files that put new blocks online by themselves.
    package var onliningRules: [String]
    /// What the host has to spare; nil where it is not known.
    package var room: MemoryRoom?

    /// No blocks.
    package init() {
        blockSize = 0
        autoOnline = nil
        blocks = []
        onliningRules = []
        room = nil
    }

    /// The blocks that share a byte with `range`; k of n in O(k + log n).
    package func blocks(in range: AddressRange) -> [MemoryBlock] {
        let first = blocks.partitioningIndex { $0.range.end >= range.start }
        return Array(blocks[first...].prefix { $0.range.start <= range.end })
    }
}

/// One memory block.
package struct MemoryBlock: Sendable, Equatable {
    /// The number in `memoryN`.
    package var number: Int
    /// The bytes, inclusive ends.
    package var range: AddressRange
    /// `state` is not `offline`.
    package var isOnline: Bool
    /// The zone while online (`Normal`, `Movable`), from `valid_zones`; nil where unknown.
    package var zone: String?
    /// `removable`: the kernel can remove memory; nil where it does not say.
    package var isRemovable: Bool?

    /// One memory block.
    package init(number: Int, range: AddressRange, isOnline: Bool, zone: String?, isRemovable: Bool? = nil) {
        self.number = number
        self.range = range
        self.isOnline = isOnline
        self.zone = zone
        self.isRemovable = isRemovable
    }
}

/// How much memory the host has in use and to spare. It changes all the time, and ownership does not depend on it.
package struct MemoryRoom: Sendable, Equatable {
    /// `MemAvailable`: bytes that can be had without swapping, on all nodes together.
    package var available: UInt64
    /// `SwapFree`, in bytes.
    package var swapFree: UInt64
    /// The NUMA nodes by number.
    package var nodes: [MemoryNode]

    /// What a host has to spare.
    package init(available: UInt64, swapFree: UInt64, nodes: [MemoryNode]) {
        self.available = available
        self.swapFree = swapFree
        self.nodes = nodes
    }
}

/// The memory of one NUMA node, in bytes.
package struct MemoryNode: Sendable, Equatable {
    /// The number in `nodeN`.
    package var number: Int
    /// `MemTotal`: what is online.
    package var total: UInt64
    /// `MemFree`.
    package var free: UInt64
    /// Huge pages, of all sizes, that somebody uses.
    package var hugepagesUsed: UInt64
    /// Huge pages that nobody uses; they are in no other count of what is free.
    package var hugepagesFree: UInt64

    /// The memory of one node.
    package init(number: Int, total: UInt64, free: UInt64, hugepagesUsed: UInt64 = 0, hugepagesFree: UInt64 = 0) {
        self.number = number
        self.total = total
        self.free = free
        self.hugepagesUsed = hugepagesUsed
        self.hugepagesFree = hugepagesFree
    }

    /// What would have to move if the node went offline.
    package var used: UInt64 {
        let unused = free.addingSaturated(hugepagesFree)
        return total > unused ? total - unused : 0
    }
}

/// A namespace of persistent memory that is active: a driver is bound to it, or to the btt, pfn or dax device on it.
package struct PmemNamespace: Sendable, Equatable {
    /// `namespace0.0`, `btt0.0`, `pfn0.0`, `dax0.0`: the name on the nd bus.
    package var name: String
    /// The bytes of the nd region that it lies in; nil where they are not known.
    package var range: AddressRange?
    /// Who uses it, in words: a mounted file system, a device on top of it.
    package var users: [String]

    /// An active namespace.
    package init(name: String, range: AddressRange?, users: [String]) {
        self.name = name
        self.range = range
        self.users = users
    }
}
