package import Iomem
package import Machine

/// What the bytes of a range are used for; the raw value is the word in the JSON documents.
package enum MemoryState: String, Sendable, CaseIterable {
    /// A dax device without a driver.
    case idle
    /// A character device (`device_dax`).
    case devdax
    /// A device for the file system famfs (`fsdev_dax`, 7.2 on).
    case famfs
    /// Memory blocks of `kmem`, online or offline.
    case systemRAM = "system-ram"
    /// A kmem line in `/proc/iomem` with no device behind: stuck until a reboot.
    case leaked
    /// No device.
    case none

    /// What the bytes of a dax device with this driver are used for.
    package init(driver: String?) {
        switch driver {
        case "kmem": self = .systemRAM
        case "fsdev_dax": self = .famfs
        case nil: self = .idle
        default: self = .devdax
        }
    }
}

/// Bytes with their owner now.
package struct OwnedRange: Sendable, Equatable {
    /// The bytes, inclusive ends.
    package var range: AddressRange
    /// The owner, as far as it is known.
    package var owner: Owner
    /// Whether there can be no other owner: the material that the machine was read from has its dax devices, or one of them.
    package var isOwnerKnown: Bool
    /// The dax devices over the bytes, joined by a comma where there are two.
    package var device: String?
    /// What the device hangs below: `region0`, `hmem.0`; nil without a device, and where it is not known.
    package var through: String?
    /// What the bytes are used for.
    package var use: MemoryState
    /// Whether `use` is known: not without the owner, nor where the material has no word about the driver.
    package var useIsKnown = true
    /// What the memory map says of the bytes: an HMEM range of an HMAT reaches beyond the Soft Reserved memory in it.
    package var memory: RangeMemory
    /// They are of an HMEM range, and neither Soft Reserved nor of a ram region: nobody misses them.
    package var isBeyondMemory: Bool
    /// Memory blocks within it that are online.
    package var blocksOnline: Int
    /// All memory blocks within it.
    package var blocksTotal: Int
    /// Whether the numbers of blocks are known: not where the material does not have the memory blocks.
    package var blocksAreKnown: Bool

    /// The owner in a word, `unknown` if it is not known.
    package var ownerWord: String { isOwnerKnown ? owner.rawValue : "unknown" }
}

/// Who owns bytes, in a sentence that a clause can follow.
func ownerSentence(_ range: AddressRange, isKnown: Bool, _ owner: String) -> String {
    isKnown ? "\(range) is owned by \(owner)" : "the owner of \(range) is not known"
}

/// Who owns what now: ranges that don't overlap, in address order, that make up every Soft Reserved range, HMEM range and ram
/// region.
///
/// Of n ranges, devices and blocks, it takes O(n log n).
package func ownedRanges(of machine: MachineState) -> [OwnedRange] { ownedRanges(of: machine, UnitMemory(of: machine)) }

/// - Parameter under: `UnitMemory(of: machine)`.
func ownedRanges(of machine: MachineState, _ under: UnitMemory) -> [OwnedRange] {
    let devices = machine.daxDevices.filter { $0.owner != nil }
    let leaked = RangeIndex(leakedRanges(of: machine))
    let holders = HolderIndex(devices.map(\.ranges))
    let (lacksDevices, lacksBlocks) = (machine.lacks(.daxDevices), machine.lacks(.memoryBlocks))
    let blockIndex = RangeIndex(machine.memory.blocks.map(\.range))
    return trackedRanges(of: machine, under, cutAt: devices.flatMap(\.ranges)).map { range in
        let over = holders.places(overlapping: range).map { devices[$0] }
        let bound = over.first { $0.driver != nil }
        let blocks = blockIndex.places(overlapping: range).filter { range.contains(machine.memory.blocks[$0].range) }
        var owned = OwnedRange(
            range: range,
            owner: owner(of: over),
            isOwnerKnown: !over.isEmpty || !lacksDevices,
            device: over.isEmpty ? nil : over.map(\.name).joined(separator: ","),
            through: over.isEmpty || !over.allSatisfy(\.throughIsKnown)
                ? nil : over.map(\.through).joined(separator: ","),
            use: .none,
            memory: under.memory(under: range),
            isBeyondMemory: under.isBeyond(range),
            blocksOnline: blocks.count { machine.memory.blocks[$0].isOnline },
            blocksTotal: blocks.count,
            blocksAreKnown: !lacksBlocks
        )
        if leaked.overlaps(range) {
            owned.use = .leaked
        } else if !over.isEmpty {
            owned.use = MemoryState(driver: bound?.driver)
        }
        owned.useIsKnown = owned.isOwnerKnown && (owned.use == .leaked || bound?.driverIsKnown != false)
        return owned
    }
}

/// Memory that kmem added and whose device has gone (drivers/dax/kmem.c: dev_dax_kmem_remove() fails on online blocks).
func leakedRanges(of machine: MachineState) -> [AddressRange] {
    // An excerpt may lack the line of the device around it.
    if machine.lacks(.daxDevices) { return [] }
    let healthy = RangeIndex(machine.daxDevices.filter { $0.driver == "kmem" }.flatMap(\.ranges))
    return machine.iomem.entries { $0 == "System RAM (kmem)" }.map(\.range).filter { !healthy.hasContainer(of: $0) }
}

/// Every Soft Reserved range, HMEM range and ram region, cut at the edges of all of them, of `extra`, and where what lies under
/// them changes.
///
/// - Parameter restored: The bytes of regions that are not there and will be.
func trackedRanges(
    of machine: MachineState,
    _ under: UnitMemory,
    cutAt extra: [AddressRange],
    restored: [AddressRange] = []
) -> [AddressRange] {
    let regions = machine.regions.filter { $0.mode == "ram" }.compactMap(\.range) + restored
    let reserved = machine.softReserved.map(\.range)
    return cut((reserved + regions + under.beyond).merged(), at: reserved + regions + under.edges + extra)
}

/// `ranges`, cut at every edge of `edges`.
func cut(_ ranges: [AddressRange], at edges: [AddressRange]) -> [AddressRange] {
    ranges.flatMap(Edges(of: edges).cut)
}

/// The addresses at which ranges begin, and those behind their ends: sorted once, in O(n log n).
package struct Edges: Sendable {
    private let starts: [UInt64]

    package init(of ranges: [AddressRange]) {
        var edges = ranges.map(\.start) + ranges.compactMap { $0.end == .max ? nil : $0.end + 1 }
        edges.sort()
        starts = edges.indices.filter { $0 == 0 || edges[$0 - 1] != edges[$0] }.map { edges[$0] }
    }

    /// `range` in parts that no edge cuts, in address order; k of them in O(k + log n).
    package func cut(_ range: AddressRange) -> [AddressRange] {
        var next = starts.partitioningIndex { $0 > range.start }
        if next == starts.count || starts[next] > range.end { return [range] }
        var uncut: [AddressRange] = []
        var start = range.start
        while next < starts.count, starts[next] <= range.end {
            if let part = AddressRange(start: start, end: starts[next] - 1) { uncut.append(part) }
            start = starts[next]
            next += 1
        }
        if let part = AddressRange(start: start, end: range.end) { uncut.append(part) }
        return uncut
    }
}

private func owner(of devices: [DaxDevice]) -> Owner {
    guard let owner = devices.first?.owner else { return .none }
    return devices.allSatisfy { $0.owner == owner } ? owner : .both
}
