import Iomem
import Machine

// What kmem does, and the steps on memory.
extension KernelModel {
    /// A dax device of dax_hmem or dax_cxl is of the kmem type: kmem takes it at once where iomem lets it, and where it
    /// holds a whole memory block (drivers/dax/kmem.c: dev_dax_kmem_probe()).
    mutating func bindKmem() {
        guard constants.kmemComesUnasked, claims.contains(where: { $0.driver == nil }) else { return }
        let obstacles = Obstacles(in: self)
        let holders = HolderIndex(claims.map(\.ranges))
        let memoryBlocks = constants.memoryBlocks
        var onlined: [AddressRange] = []
        for index in claims.indices where claims[index].driver == nil {
            let added = claims[index].ranges.compactMap(memoryBlocks)
            if added.isEmpty || added.contains(where: obstacles.block) { continue }
            let over = added.flatMap(holders.places)
            if over.contains(where: { $0 != index && claims[$0].driver != nil }) { continue }
            claims[index].driver = "kmem"
            onlined += added
        }
        if constants.onlinesBlocks { putOnline(onlined) }
    }

    /// What of each device of kmem is not used as memory: it is added in whole blocks.
    var lostCapacity: [AddressRange] {
        claims.filter { $0.driver == "kmem" }.flatMap(\.ranges).flatMap { range in
            range.subtracting(constants.memoryBlocks(in: range).map { [$0] } ?? [])
        }
    }

    /// Of one range: 8 TiB in blocks of 128 MiB, the smallest of x86-64.
    private static let blocksAtMost: UInt64 = 1 << 16
    /// Of all ranges that come online at once.
    private static let allBlocksAtMost: UInt64 = 1 << 20

    /// mm/memory_hotplug.c: add_memory_resource() onlines what it adds, block by block.
    private mutating func putOnline(_ ranges: [AddressRange]) {
        let alreadyOnline = RangeIndex(onlineBlocks)
        let size = max(constants.memory.blockSize, 1 << 20)
        var added: Set<AddressRange> = []
        for range in ranges {
            // No host has so many blocks: a range that firmware made up counts as a whole.
            guard range.size / size <= Self.blocksAtMost,
                UInt64(added.count).addingSaturated(range.size / size) <= Self.allBlocksAtMost
            else {
                onlineBlocks += alreadyOnline.remainder(of: range)
                continue
            }
            for number in 0..<range.size / size {
                guard let block = AddressRange(start: range.start + number * size, size: size) else { continue }
                if !alreadyOnline.overlaps(block), added.insert(block).inserted { onlineBlocks.append(block) }
            }
        }
    }

    /// Memory that is online when its device goes stays, with no device behind (drivers/dax/kmem.c: dev_dax_kmem_remove()).
    mutating func leak(_ going: [DaxClaim]) {
        if going.contains(where: { $0.driver == "kmem" }) { leak(going, RangeIndex(onlineBlocks)) }
    }

    /// - Parameter online: `onlineBlocks`.
    mutating func leak(_ going: [DaxClaim], _ online: RangeIndex) {
        for claim in going where claim.driver == "kmem" {
            leaked += claim.ranges.compactMap(constants.memoryBlocks).filter(online.overlaps)
        }
    }

    /// Every block of `range` goes offline and kmem is taken off the device: no block is left that could be onlined
    /// (drivers/dax/kmem.c: dev_dax_kmem_remove() removes offline memory).
    func offlining(_ range: AddressRange) -> StepOutcome {
        var model = self
        model.takeOffline(range)
        return StepOutcome(model)
    }

    private mutating func takeOffline(_ range: AddressRange) {
        for index in claims.indices where claims[index].driver == "kmem" && claims[index].overlaps(range) {
            claims[index].driver = nil
            for bytes in claims[index].ranges { onlineBlocks.removeAll { $0.overlaps(bytes) } }
        }
    }

    /// The device over `range` gets the driver, and its blocks the state, that the use takes.
    func restoring(_ use: MemoryUse, over range: AddressRange) -> StepOutcome {
        guard let index = claims.firstIndex(where: { $0.overlaps(range) }) else {
            return StepOutcome(self, refusal: "no dax device covers \(range)")
        }
        if use != .idle, let bytes = claims[index].ranges.first(where: Obstacles(in: self).block) {
            return StepOutcome(
                self,
                refusal: "no driver can bind to \(bytes): another resource in /proc/iomem splits it"
            )
        }
        var model = self
        switch use {
        case .systemRAM:
            model.bind("kmem", to: index)
            if use == .systemRAM(.offline) {
                model.onlineBlocks.removeAll { $0.overlaps(range) }
            } else if !range.subtracting(onlineBlocks).isEmpty {
                model.onlineBlocks.removeAll { $0.overlaps(range) }
                model.onlineBlocks.append(range)
            }
        case .devdax, .famfs, .idle:
            model.takeOffline(range)
            model.bind(use.driver, to: index)
        }
        if !model.isSame(as: self) { model.claims[index].isPut = true }
        return StepOutcome(model)
    }

    /// The device over `range` ends before it, and another one in its dax region has just these bytes; what is behind them is
    /// free (drivers/dax/bus.c: size_store(), create_store(), mapping_store()).
    func splitting(_ range: AddressRange) -> StepOutcome {
        if claims.contains(where: { $0.ranges == [range] }) { return StepOutcome(self) }
        guard range.isAligned(to: 2 << 20) else {
            return StepOutcome(self, refusal: "\(range) is not aligned to 2 MiB (EINVAL)")
        }
        let isFree = !claims.contains { $0.overlaps(range) }
        guard
            let index = claims.firstIndex(where: { claim in
                isFree
                    ? claim.span?.contains(range) == true
                    : claim.ranges.count == 1 && claim.ranges[0].contains(range) && claim.ranges[0].start < range.start
            })
        else { return StepOutcome(self, refusal: "no dax device ends with \(range) (EINVAL)") }
        var model = self
        let split = claims[index]
        if !isFree {
            if let driver = split.driver, driver != "kmem" {
                return StepOutcome(self, refusal: "\(split.name) is in use by \(driver) (EBUSY)")
            }
            model.takeOffline(split.ranges[0])
            let rest = AddressRange(start: split.ranges[0].start, end: range.start - 1)
            model.claims[index].ranges = [rest].compactMap(\.self)
            model.claims[index].reserved = [split.span].compactMap(\.self)
        }
        let new = DaxClaim(
            owner: split.owner,
            ranges: [range],
            reserved: [split.span].compactMap(\.self),
            through: split.through
        )
        model.claims.insert(new, at: index + 1)
        return StepOutcome(model)
    }

    private mutating func bind(_ driver: String?, to index: Int) {
        if let driver, !constants.builtin.contains(driver) { loaded.insert(driver) }
        claims[index].driver = driver
    }
}
