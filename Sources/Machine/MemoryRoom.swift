/// How much memory the host has in use and to spare. It changes all the time, and ownership does not depend on it.
public struct MemoryRoom: Sendable, Equatable {
    /// `MemAvailable`: bytes that can be had without swapping, on all nodes together.
    public var available: UInt64
    /// `SwapFree`, in bytes.
    public var swapFree: UInt64
    /// The NUMA nodes by number.
    public var nodes: [MemoryNode]

    /// What a host has to spare.
    public init(available: UInt64, swapFree: UInt64, nodes: [MemoryNode]) {
        self.available = available
        self.swapFree = swapFree
        self.nodes = nodes
    }
}

/// The memory of one NUMA node, in bytes.
public struct MemoryNode: Sendable, Equatable {
    /// The number in `nodeN`.
    public var number: Int
    /// `MemTotal`: what is online.
    public var total: UInt64
    /// `MemFree`.
    public var free: UInt64
    /// Huge pages, of all sizes, that somebody uses.
    public var hugepagesUsed: UInt64
    /// Huge pages that nobody uses; they are in no other count of what is free.
    public var hugepagesFree: UInt64

    /// The memory of one node.
    public init(number: Int, total: UInt64, free: UInt64, hugepagesUsed: UInt64 = 0, hugepagesFree: UInt64 = 0) {
        self.number = number
        self.total = total
        self.free = free
        self.hugepagesUsed = hugepagesUsed
        self.hugepagesFree = hugepagesFree
    }

    /// What would have to move if the node went offline.
    public var used: UInt64 {
        let unused = free + hugepagesFree
        return total > unused ? total - unused : 0
    }
}
