import Iomem
import Machine

/// A dax region that is split into several devices.
struct SplitRegion: Equatable {
    /// What its devices hang below: `region0`, `hmem.0`.
    let name: String
    /// The devices, in address order.
    let devices: [DaxDevice]
    /// They make up the whole region, one range each: only then do steps make them again.
    let isWhole: Bool

    /// The steps that make the devices of the one over all of the region; none unless they are the whole of it.
    var splits: [Step] { isWhole ? devices.dropFirst().flatMap(\.ranges).map(Step.splitDevice) : [] }

    /// The devices in words, each with its size and use.
    var words: String {
        devices.map { device in
            "\(device.name) (\(sizeText(device.ranges.totalSize)), \(MemoryState(driver: device.driver).rawValue))"
        }.joined(separator: " and ")
    }
}

extension MachineState {
    /// The dax regions that `daxctl` has split: a driver that comes makes one device over all of its region
    /// (drivers/dax/cxl.c: cxl_dax_region_probe(), drivers/dax/hmem/hmem.c: dax_hmem_probe()).
    var splitRegions: [SplitRegion] {
        let devices = daxDevices.filter { $0.owner != nil && !$0.ranges.isEmpty }
        if Set(devices.map(\.through)).count == devices.count { return [] }
        let parts = Dictionary(grouping: devices, by: \.through)
        return devices.map(\.through).uniqued().compactMap { name in
            guard let own = parts[name]?.sorted(by: { $0.ranges[0] < $1.ranges[0] }), own.count > 1 else { return nil }
            let ranges = own.flatMap(\.ranges)
            let all = ranges.merged()
            let span =
                own[0].owner == .cxl
                ? regions.first { $0.name == name }?.range
                : softReserved.compactMap(\.hmemRange).first { $0.overlaps(ranges[0]) }
            return SplitRegion(
                name: name,
                devices: own,
                isWhole: ranges.count == own.count && all.count == 1 && all.first == span
                    && all.totalSize == ranges.reduce(0) { $0.addingSaturated($1.size) }
            )
        }
    }

}

extension [SplitRegion] {
    /// What `steps` lose of how these are split into devices, a sentence for each region.
    ///
    /// - Parameter restoring: The steps that would be done with `--offline-memory`.
    func lost(after steps: [Step], restoring: [Step]) -> [String] {
        let going: [Owner] = [
            steps.contains { [.unload("dax_cxl"), .unload("cxl_acpi")].contains($0) } ? .cxl : nil,
            steps.contains(.unload("dax_hmem")) ? .hmem : nil,
        ].compactMap { $0 }
        let unbound = steps.filter { $0.verb == .unbindHmem }.compactMap(\.range)
        let made = Set(steps)
        return filter { region in
            region.devices.contains { device in
                device.owner.map(going.contains) == true
                    || device.owner == .hmem && device.ranges.contains { unbound.contains(where: $0.overlaps) }
            } && !(region.isWhole && region.splits.allSatisfy(made.contains))
        }.map { region in
            "\(region.name) is split into \(region.words). The split is lost: the new driver creates one device over all of "
                + "it. "
                + (region.isWhole && region.splits.allSatisfy(restoring.contains)
                    ? "With --offline-memory it is created again, and each device gets its previous use."
                    : "Save the layout (`daxctl list`) to create it again.")
        }
    }
}
