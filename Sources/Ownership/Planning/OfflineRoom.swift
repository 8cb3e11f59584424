package import Iomem
package import Machine

/// Whether the rest of a host can take what is in memory that goes offline.
package struct OfflineRoom: Sendable, Equatable {
    /// The bytes that go offline.
    package let going: UInt64
    /// At most so many of them are in use.
    package let used: UInt64
    /// Huge pages in use there: each needs as large a piece elsewhere.
    package let hugepages: UInt64
    /// What is available in the rest of the host, swap aside.
    package let elsewhere: UInt64
    /// Free swap.
    package let swapFree: UInt64

    /// What is to be left over: a host without any ends processes.
    private static let margin: UInt64 = 32 << 20

    /// Whether there is room.
    package var suffices: Bool { elsewhere.addingSaturated(swapFree) >= used.addingSaturated(Self.margin) }
}

extension OfflineRoom {
    /// The room for what is in the memory over `ranges`; nil where nothing of it is online, or it is not known.
    ///
    /// - Parameter nodes: The NUMA nodes of the devices over `ranges`, as far as they are known.
    init?(of ranges: [AddressRange], in memory: MemoryBlocks, nodes numbers: Set<Int>) {
        let index = RangeIndex(ranges)
        let going = memory.blocks.filter { $0.isOnline && index.overlaps($0.range) }.map(\.range).totalSize
        guard let room = memory.room, going > 0 else { return nil }
        let nodes = room.nodes.filter { numbers.contains($0.number) }
        // A node with other memory besides does not tell which of it is in use: then all that goes counts.
        let isWhole = !nodes.isEmpty && nodes.reduce(0) { $0.addingSaturated($1.total) } <= going
        let used = isWhole ? min(going, nodes.reduce(0) { $0.addingSaturated($1.used) }) : going
        // What goes and is not in use is in MemAvailable now, except free huge pages.
        let unused =
            going - used - (isWhole ? min(going - used, nodes.reduce(0) { $0.addingSaturated($1.hugepagesFree) }) : 0)
        self.init(
            going: going,
            used: used,
            hugepages: isWhole ? nodes.reduce(0) { $0.addingSaturated($1.hugepagesUsed) } : 0,
            elsewhere: room.available - min(room.available, unused),
            swapFree: room.swapFree
        )
    }
}

extension MachineState {
    /// The room for what is in the memory over `ranges`; nil where nothing of it is online, or it is not known.
    package func room(toOffline ranges: [AddressRange]) -> OfflineRoom? {
        let devices = daxDevices.filter { device in
            device.ranges.contains { bytes in ranges.contains { $0.overlaps(bytes) } }
        }
        return OfflineRoom(of: ranges, in: memory, nodes: Set(devices.compactMap(\.targetNode)))
    }
}
