import Iomem
import Machine

extension KernelModel {
    /// The machine as it shows itself, before unknown facts are decided.
    init(of machine: MachineState, generation: Generation) {
        self.generation = generation
        loaded = Set(machine.modules.loaded.keys)
        builtin = machine.modules.builtin
        modules = ModuleFacts(of: machine, generation)
        isHeld = machine.isHeld
        loadsCxlFirst = machine.persisted == .cxl
        windowsAreLive = machine.windows.contains(where: \.isLive)
        windows = machine.windows.map { $0.isLive ? $0.range : machine.grown($0.range) }
        // Of the kernels without dax_cxl the old ones have the lines; later ones are built so (CONFIG_DEV_DAX_CXL).
        kmemComesUnasked = generation != .hmemOnly || !machine.kernel.showsSoftReserved
        blockSize = machine.memory.blockSize
        onlinesBlocks = machine.memory.autoOnline?.hasPrefix("online") == true
        regionIsIdle = machine.hmemSettings.regionIsIdle
        hmemIsDisabled = machine.hmemSettings.isDisabled
        ranges = machine.hmemSettings.isDisabled ? [] : machine.softReserved.compactMap(\.hmemRange).uniqued()
        claims = machine.daxDevices.compactMap { device in
            device.owner.map {
                DaxClaim(
                    owner: $0,
                    ranges: device.ranges,
                    reserved: machine.reserved(by: device).map { [$0] } ?? [],
                    through: device.through,
                    device: device.name,
                    driver: device.driver,
                    users: device.users,
                    usersAreKnown: device.usersAreKnown
                )
            }
        }
        regions = machine.regions.compactMap {
            ModelRegion($0, decoders: machine.decoders, seesEndpoints: machine.seesDecoders)
        }
        let lines = machine.iomem.flattened.map(\.entry.name)
        if lines.contains(where: { $0.hasPrefix("CXL Window ") }) {
            for index in regions.indices { regions[index].hasLine = lines.contains(regions[index].name) }
        }
        probeIsPending = false
        undecoded = []
        softReservedLines = machine.iomem.entries { $0 == "Soft Reserved" }.map(\.range)
        leaked = leakedRanges(of: machine)
        systemRAM = machine.iomem.entries { $0 == "System RAM" }.map(\.range)
        onlineBlocks = machine.memory.blocks.filter(\.isOnline).map(\.range)
        decisions = [:]
        assumptions = [:]
        let inWindows = ranges.flatMap { range in windows.compactMap { $0.intersection(range) } }
        let decoded = machine.decodedBytes
        if machine.seesDecoders {
            undecoded = inWindows.flatMap { $0.subtracting(decoded) }
        } else {
            for region in machine.remembered?.regions ?? []
            where region.locked && !regions.contains(where: { $0.range == region.range }) {
                regions.append(ModelRegion(supposed: region.range, isLocked: true))
            }
            let answering = decoded + (machine.remembered?.decoded ?? [])
            let rest = inWindows.flatMap { $0.subtracting(answering) }
            if machine.remembered?.isComplete == true {
                undecoded = rest
            } else {
                maybeUndecoded = doubtful(rest, on: machine)
            }
        }
        hiddenPmem = devicesOfHiddenPmem(on: machine)
    }
}

extension KernelModel {
    /// What of `bytes`, for which no decoder was seen, can have lost its decoder in this boot.
    ///
    /// No kernel without dax_cxl resets decoders of ram; a window of a fixed configuration locks its regions
    /// (drivers/cxl/acpi.c: cfmws_to_decoder_flags()); and a host that has memory online lives by its decoders.
    private func doubtful(_ bytes: [AddressRange], on machine: MachineState) -> [AddressRange] {
        guard generation != .hmemOnly, !machine.decodersAsAtBoot.value else { return [] }
        let standing = regions.filter { $0.isPresent && $0.isDetached }.map(\.range)
        let locked = generation == .deferring ? [] : machine.windows.filter(\.isFixed).map(\.range)
        let online = onlineBlocks.filter { block in !leaked.contains(where: block.overlaps) }
        return bytes.flatMap { $0.subtracting(standing + locked + online) }
    }
}

extension MachineState {
    /// The bytes of the dax region that `device` is in, which its devices need not fill.
    fileprivate func reserved(by device: DaxDevice) -> AddressRange? {
        if device.owner == .cxl { return regions.first { $0.name == device.through }?.range }
        let units = softReserved.compactMap(\.hmemRange).uniqued()
        return units.first { unit in device.ranges.contains(where: unit.overlaps) }
            ?? units.first { $0.start == device.regionStart }
    }

    /// What becomes of a window in iomem where a "Soft Reserved" line crosses its edge: it grows over the whole line.
    /// A line that holds the whole window stays above it
    /// (drivers/cxl/acpi.c: add_cxl_resources(), insert_resource_expand_to_fit(); seen on 6.12).
    fileprivate func grown(_ window: AddressRange) -> AddressRange {
        let lines = iomem.entries { $0 == "Soft Reserved" }.map(\.range)
        return lines.filter { $0.overlaps(window) && !$0.contains(window) }.reduce(window) { grown, line in
            [grown, line].merged().first ?? grown
        }
    }
}

extension ModelRegion {
    init?(_ region: Region, decoders: [Decoder], seesEndpoints: Bool) {
        guard let range = region.range else { return nil }
        let isDetached = !region.committed && region.locked == true && region.targets.isEmpty && !seesEndpoints
        let locks = decoders.filter { region.targets.contains($0.name) && $0.locked }
        self.init(
            name: region.name,
            range: range,
            mode: region.mode,
            committed: region.committed,
            keepsDecoders: region.locked == true,
            lockIsIgnored: region.locked == nil && !locks.isEmpty,
            assembled: region.assembled,
            hasDecoders: !region.targets.isEmpty || isDetached,
            isDetached: isDetached,
            lacksBridge: region.lacksPmemDriver,
            isPresent: true
        )
    }

    /// A region that waits in its decoders.
    init(supposed range: AddressRange, isLocked: Bool) {
        self.init(
            name: "region over \(range)",
            range: range,
            mode: "ram",
            committed: true,
            keepsDecoders: isLocked,
            lockIsIgnored: false,
            assembled: true,
            isPresent: false
        )
    }
}
