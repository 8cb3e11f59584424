package import Iomem

/// A dax device of a region, and what it was used for.
package struct RegionDevice: Sendable, Hashable {
    /// Its bytes, in address order.
    package var ranges: [AddressRange]
    /// The driver that was bound: `kmem`, `device_dax`, `fsdev_dax`, or nil.
    package var driver: String?
    /// What of it was online, by zone.
    package var online: [OnlineMemory]
    /// It had no driver although kmem was loaded: somebody has made it idle. Otherwise kmem takes it once that is loaded.
    package var isLeftIdle: Bool

    /// A dax device.
    package init(
        ranges: [AddressRange],
        driver: String?,
        online: [OnlineMemory] = [],
        isLeftIdle: Bool = false
    ) {
        self.ranges = ranges
        self.driver = driver
        self.online = online
        self.isLeftIdle = isLeftIdle
    }

    /// The drivers that a step can bind.
    private static let drivers: Set<String> = ["kmem", "device_dax", "fsdev_dax"]

    /// Whether `devices` can be those of a region over `region`: each has bytes of its own, a driver that a step can bind, and
    /// only its own memory online.
    static func areSound(_ devices: [RegionDevice], in region: AddressRange) -> Bool {
        let ranges = devices.flatMap(\.ranges).sorted()
        return ranges.allSatisfy(region.contains) && zip(ranges, ranges.dropFirst()).allSatisfy { !$0.overlaps($1) }
            && devices.allSatisfy { device in
                !device.ranges.isEmpty && (device.driver.map(drivers.contains) ?? true)
                    && (device.online.isEmpty || device.driver == "kmem")
                    && !(device.isLeftIdle && device.driver != nil)
                    && device.online.allSatisfy { run in device.ranges.contains { $0.contains(run.range) } }
                    && zip(device.online, device.online.dropFirst()).allSatisfy { $0.range.end < $1.range.start }
            }
    }
}

/// Memory blocks next to each other that are online in one zone.
package struct OnlineMemory: Sendable, Hashable {
    /// The bytes, inclusive ends.
    package var range: AddressRange
    /// The zone, from `valid_zones`: `Normal`, `Movable`; nil if it is not known.
    package var zone: String?

    /// Memory that is online.
    package init(range: AddressRange, zone: String?) {
        self.range = range
        self.zone = zone
    }
}

extension MachineState {
    /// The dax devices with bytes of each region that dax_cxl has, by the region's name; n devices take O(n log n).
    ///
    /// A region is missing in it if its devices don't show: while dax_cxl does not have it, or if the material lacks them.
    var devicesOfRegions: [String: [RegionDevice]] {
        if lacks(.daxDevices) || lacks(.memoryBlocks) { return [:] }
        let own = Dictionary(
            grouping: daxDevices.filter { $0.owner == .cxl && $0.throughIsKnown && !$0.ranges.isEmpty },
            by: \.through
        )
        var devices: [String: [RegionDevice]] = [:]
        for region in regions where region.daxDriver != nil {
            let seen = own[region.name] ?? []
            let found = seen.sorted { $0.ranges[0] < $1.ranges[0] }.map { device in
                regionDevice(device, device.ranges)
            }
            guard let range = region.range, seen.allSatisfy(\.driverIsKnown), RegionDevice.areSound(found, in: range)
            else { continue }
            devices[region.name] = found
        }
        return devices
    }

    /// `device` with those of its bytes that are in `ranges`, and its use. Without kmem nobody has made it idle.
    package func regionDevice(_ device: DaxDevice, _ ranges: [AddressRange]) -> RegionDevice {
        RegionDevice(
            ranges: ranges,
            driver: device.driver,
            online: device.driver == "kmem" ? ranges.flatMap(onlineMemory) : [],
            isLeftIdle: device.driver == nil && [.live, .builtin].contains(modules.state(of: "kmem"))
        )
    }

    /// The blocks in `range` that are online, those of one zone that are next to each other as one.
    package func onlineMemory(in range: AddressRange) -> [OnlineMemory] {
        memory.blocks(in: range).filter { $0.isOnline && range.contains($0.range) }.reduce(into: []) { runs, block in
            if let last = runs.last, last.zone == block.zone, last.range.touches(block.range),
                let joined = AddressRange(start: last.range.start, end: block.range.end)
            {
                runs[runs.count - 1].range = joined
            } else {
                runs.append(OnlineMemory(range: block.range, zone: block.zone))
            }
        }
    }
}
