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
        let unused = free + hugepagesFree
        return total > unused ? total - unused : 0
    }
}
