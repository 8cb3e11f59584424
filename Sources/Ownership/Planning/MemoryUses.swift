package import Iomem
package import Machine

extension MachineState {
    /// The steps that would restore the use that the dax devices over `range` have now, in address order: one for each
    /// run of blocks that are online in one zone. Memory that is offline needs none, since kmem adds it offline,
    /// unless its device is one of several: kmem does not take those that a step makes.
    package func usesToRestore(over range: AddressRange) -> [Step] { usesToRestore(over: [range]) }

    /// Those over each of `ranges`, in their order, a step once; n ranges and devices take O(n log n).
    package func usesToRestore(over ranges: [AddressRange]) -> [Step] {
        let devices = daxDevices.filter { $0.owner != nil && !$0.ranges.isEmpty }
        let index = HolderIndex(devices.map(\.ranges))
        let together = Dictionary(devices.map { ($0.through, 1) }, uniquingKeysWith: +)
        return ranges.flatMap { range in
            index.places(overlapping: range).flatMap { number in
                uses(of: devices[number], over: range, isOneOfSeveral: together[devices[number].through] ?? 0 > 1)
            }
        }.uniqued()
    }

    private func uses(of device: DaxDevice, over range: AddressRange, isOneOfSeveral: Bool) -> [Step] {
        let device = regionDevice(device, device.ranges.filter { $0.overlaps(range) })
        return device.driver == nil && !device.isLeftIdle ? [] : device.uses(isOneOfSeveral: isOneOfSeveral)
    }

    /// What keeps the memory over `range` from being offline and free of kmem; nil where it is.
    package func stillOnline(in range: AddressRange) -> String? {
        if let block = memory.blocks(in: range).first(where: \.isOnline) { return "memory\(block.number) is online" }
        return daxDevices.first { device in device.driver == "kmem" && device.ranges.contains { $0.overlaps(range) } }
            .map { "\($0.name) is still bound to kmem" }
    }

    /// What keeps just `range` from having a dax device of its own; nil where it has one.
    package func missingDevice(over range: AddressRange) -> String? {
        daxDevices.contains { $0.ranges == [range] } ? nil : "no dax device covers exactly \(range)"
    }

    /// What is missing of `use` over `range`; nil where it is complete.
    package func missing(of use: MemoryUse, over range: AddressRange) -> String? {
        guard let device = daxDevices.first(where: { $0.ranges.contains { $0.overlaps(range) } }) else {
            return "no dax device covers \(range)"
        }
        let driver = use.driver
        guard device.driver == driver else {
            return
                "\(device.name) has \(device.driver.map { "the driver \($0)" } ?? "no driver") instead of \(driver ?? "none")"
        }
        guard case .systemRAM(let zone) = use else { return nil }
        let blocks = memory.blocks(in: range)
        if blocks.isEmpty { return "\(device.name) has no memory blocks" }
        return blocks.first { !$0.isOnline(in: zone) }.map { block in
            block.isOnline
                ? "memory\(block.number) is in zone \(block.zone ?? "unknown")" : "memory\(block.number) is offline"
        }
    }
}

extension RegionDevice {
    /// The steps that put it to the use that it had; none if kmem takes it by itself and leaves it offline.
    func uses(isOneOfSeveral: Bool) -> [Step] {
        switch driver {
        case "kmem":
            let runs = online.map { Step.restoreUse($0.range, .systemRAM(MemoryUse.OnlineZone(named: $0.zone))) }
            return runs.isEmpty && isOneOfSeveral ? ranges.map { .restoreUse($0, .systemRAM(.offline)) } : runs
        case "device_dax": return ranges.map { .restoreUse($0, .devdax) }
        case "fsdev_dax": return ranges.map { .restoreUse($0, .famfs) }
        // kmem does not take those that a step makes.
        case nil where isLeftIdle || isOneOfSeveral: return ranges.map { .restoreUse($0, .idle) }
        default: return []
        }
    }
}

extension MemoryBlock {
    /// Whether it is online in that zone; where the kernel may choose, in any; for none, whether it is offline.
    package func isOnline(in zone: MemoryUse.OnlineZone) -> Bool {
        if zone == .offline { return !isOnline }
        return isOnline && (zone == .automatic || zone == MemoryUse.OnlineZone(named: self.zone))
    }
}
