package import Iomem

/// All that it takes to make a region again over the same bytes: what sysfs shows of it while it is committed.
///
/// Devices have the names of their hardware: the kernel numbers `memN` and decoders again with each load of a driver.
package struct RegionLayout: Sendable, Hashable {
    /// The name that the region had, `region0`.
    package var name: String
    /// The bytes, inclusive ends.
    package var range: AddressRange
    /// `mode`: `ram`, `pmem`; of dynamic capacity `dynamic_ram_` and a letter.
    package var mode: String
    /// `uuid` of a region with persistent memory.
    package var uuid: String?
    /// Bytes for one target before the next one has its turn (`interleave_granularity`); nil if it was not seen.
    package var granularity: UInt64?
    /// The memory devices by position; as many as `interleave_ways`.
    package var targets: [RegionTarget]
    /// Its decoders are an accelerator's.
    package var isOfAccelerator: Bool
    /// A device can have range registers in place of decoders (`Decoder.isBelowRoot`).
    package var isEmulated: Bool
    /// Its dax devices, in address order; nil if they were not seen.
    package var devices: [RegionDevice]?

    /// The layout of a region.
    package init(
        name: String,
        range: AddressRange,
        mode: String = "ram",
        uuid: String? = nil,
        granularity: UInt64?,
        targets: [RegionTarget],
        isOfAccelerator: Bool = false,
        isEmulated: Bool = false,
        devices: [RegionDevice]? = nil
    ) {
        self.name = name
        self.range = range
        self.mode = mode
        self.uuid = uuid
        self.granularity = granularity
        self.targets = targets
        self.isOfAccelerator = isOfAccelerator
        self.isEmulated = isEmulated
        self.devices = devices
    }
}

extension RegionLayout {
    /// Whether it is the region of `other`: the same bytes, or the same bytes of the same devices, wherever the kernel has placed
    /// them.
    func isSame(as other: RegionLayout) -> Bool {
        range == other.range || targets.allSatisfy { $0.device != nil && $0.dpa != nil } && targets == other.targets
    }

    /// Whether it has bytes that `other` had, of addresses or of a memory device: there is never more than one of them.
    package func takesBytes(of other: RegionLayout) -> Bool {
        if range.overlaps(other.range) { return true }
        return targets.contains { target in
            guard let device = target.device, let bytes = target.dpa else { return false }
            return other.targets.contains { $0.device == device && $0.dpa?.overlaps(bytes) == true }
        }
    }
}

/// A memory device's part of a region.
package struct RegionTarget: Sendable, Hashable {
    /// The device; nil if it was not seen.
    package var device: MemdevIdentity?
    /// The bytes of the device, from 0 (`dpa_resource`, `dpa_size`); nil if they were not seen.
    package var dpa: AddressRange?

    /// A part of a region.
    package init(device: MemdevIdentity?, dpa: AddressRange?) {
        self.device = device
        self.dpa = dpa
    }
}

/// What identifies a memory device, whatever number the kernel gives it.
package struct MemdevIdentity: Sendable, Hashable {
    /// `serial`, as sysfs shows it: `0x1`.
    package var serial: String
    /// Where its function is below `/sys/devices`: `pci0000:34/0000:34:00.0/0000:35:00.0`.
    package var path: String

    /// An identity.
    package init(serial: String, path: String) {
        self.serial = serial
        self.path = path
    }

    /// The host bridge that it is below: `pci0000:34`.
    package var hostBridge: String { path.split(separator: "/").first.map(String.init) ?? path }
    /// The function, as `lspci` names it: `0000:35:00.0`.
    package var function: String { path.split(separator: "/").last.map(String.init) ?? path }
}

extension MachineState {
    /// The layouts of those of `regions` that have bytes; n regions and decoders take O(n).
    package func layouts(of regions: [Region]) -> [RegionLayout] {
        let decoders = Dictionary(decoders.map { ($0.name, $0) }) { first, _ in first }
        let memdevs = Dictionary(memdevs.map { ($0.name, $0) }) { first, _ in first }
        let devices = regions.isEmpty ? [:] : devicesOfRegions
        return regions.compactMap { layout(of: $0, decoders, memdevs, devices[$0.name]) }
    }

    private func layout(
        of region: Region,
        _ decoders: [String: Decoder],
        _ memdevs: [String: Memdev],
        _ devices: [RegionDevice]?
    ) -> RegionLayout? {
        guard let range = region.range else { return nil }
        let ofTargets = region.targets.map { decoders[$0] }
        return RegionLayout(
            name: region.name,
            range: range,
            mode: region.mode,
            uuid: region.uuid,
            granularity: region.granularity,
            targets: ofTargets.map { decoder in
                RegionTarget(
                    device: decoder?.memdev.flatMap { memdevs[$0]?.identity },
                    dpa: decoder?.dpa
                )
            },
            isOfAccelerator: region.isOfAccelerator,
            isEmulated: ofTargets.contains { $0?.isBelowRoot == true },
            devices: devices
        )
    }

    /// The layouts of the committed regions that sysfs shows, and of those of this boot that are gone, in address order.
    package var layouts: [RegionLayout] {
        let present = layouts(of: regions.filter(\.committed))
        let index = RangeIndex(present.map(\.range))
        // A locked one is decoded by its hardware still, and comes back by itself.
        let kept = ((remembered?.regions ?? []) + lostRegions).filter { !$0.locked }.compactMap(\.layout).filter {
            !index.hasContainer(of: $0.range)
        }
        var seen: Set<AddressRange> = []
        return (present + kept).filter { seen.insert($0.range).inserted }.sorted { $0.range < $1.range }
    }

    /// The layout of the region that had `name`: of one that is gone, if there is one, since the kernel may have given its name
    /// to another region.
    package func layoutToRestore(_ name: String, _ range: AddressRange? = nil) -> RegionLayout? {
        if let range { return layouts.first { $0.range == range } }
        let named = layouts.filter { $0.name == name }
        return named.first { layout in !regions.contains { $0.committed && $0.range == layout.range } } ?? named.first
    }

    /// What is missing of the region that had `name`, committed, with a dax region, and a dax device if dax_cxl is there; nil
    /// where it is complete.
    package func missingRegion(_ name: String, _ range: AddressRange? = nil) -> String? {
        guard let layout = layoutToRestore(name, range) else {
            return range.map { "there is no region over \($0)" }
        }
        guard let region = regions.first(where: { $0.range == layout.range }) else {
            return "there is no region over \(layout.range)"
        }
        if !region.committed { return "\(region.name) is not committed" }
        if !region.assembled { return "\(region.name) has no dax region" }
        guard modules.state(of: "dax_cxl") == .live || modules.state(of: "dax_cxl") == .builtin else { return nil }
        return region.daxDriver == nil ? "dax_\(region.name) has no driver" : nil
    }

    /// The memory device that `identity` names: of its serial number where no other has that, else in its place.
    package func memdev(_ identity: MemdevIdentity) -> Memdev? {
        let same = memdevs.filter { $0.identity?.serial == identity.serial }
        if same.count == 1, identity.serial != "0x0" { return same.first }
        return memdevs.first { $0.identity == identity }
    }
}
