import Iomem
import Machine

// What a machine shows of the model, and how the model would show itself.
extension KernelModel {
    /// The machine as it shows itself, before unknown facts are decided.
    init(of machine: MachineState, generation: Generation) {
        var model = KernelModel(ModelConstants(of: machine, generation: generation))
        model.take(machine)
        model.addWaitingRegions(of: machine)
        model.doubtLocks(of: machine)
        if generation == .allOrNothing {
            model.softReservedLines = model.constants.softReservedLines
            // If it is not known, every mode is supposed, this one as if it had been read (`UnknownFact`).
            model.mode = machine.daxCxlMode.value ?? .register
        }
        let seen = model
        self = model.withConstants { constants in
            let empty = constants.under.empty
            let answered = RangeIndex(machine.answering + constants.under.lines.map(\.range))
            let rest = constants.rangesInWindows.flatMap(answered.remainder)
            if machine.seesDecoders || machine.remembered?.isComplete == true {
                constants.undecoded = empty.isEmpty ? rest : (rest + empty).merged()
            } else {
                constants.undecoded = empty
                constants.doubt = seen.doubt(rest.flatMap(RangeIndex(empty).remainder), on: machine)
            }
            constants.hiddenPmem = seen.devicesOfHiddenPmem(on: machine)
        }
    }

    /// The regions that daxswitch saw before they went out of sight, and that come back.
    private mutating func addWaitingRegions(of machine: MachineState) {
        guard !machine.seesDecoders else { return }
        var known = Set(regions.map(\.range))
        for region in machine.remembered?.regions ?? [] where region.locked && known.insert(region.range).inserted {
            regions.append(ModelRegion(waitingOver: region.range, isLocked: true))
        }
    }

    /// What of `bytes`, for which no decoder was seen, can have lost its decoder in this boot.
    ///
    /// A host that has memory online lives by its decoders. As long as only this kernel had them: no kernel without dax_cxl
    /// resets decoders of ram, and a window of a fixed configuration locks its regions (drivers/cxl/acpi.c:
    /// cfmws_to_decoder_flags()), which one before 7.1 does not heed.
    private func doubt(_ bytes: [AddressRange], on machine: MachineState) -> DecoderDoubt {
        let lost = RangeIndex(leaked)
        var kept = onlineBlocks.filter { !lost.overlaps($0) }
        switch machine.decoderHistory.value {
        case .asAtBoot: return DecoderDoubt()
        case .driversBound:
            if constants.generation == .hmemOnly { return DecoderDoubt() }
            kept += regions.filter { $0.life == .detached }.map(\.range)
            if constants.hasInitialProbe { kept += machine.windows.filter(\.isFixed).map(\.range) }
        case .unknown: break
        }
        return DecoderDoubt(
            ranges: bytes.flatMap(RangeIndex(kept).remainder),
            reasons: [machine.whyDecodersAreUnseen].compactMap { $0 } + machine.decoderHistory.evidence,
            remedy: machine.missingCxlDriver == nil
                ? .rebootWithoutDrivers : machine.isHeld ? .reboot : .showDecoders(by: machine.commandShowingCxl)
        )
    }

    /// `machine` as it shows itself in this state: what the same drivers show of the same hardware.
    ///
    /// - Parameter machine: Everything that can be seen of it, with all drivers in and the decoders as the firmware has
    ///   programmed them.
    func shown(on machine: MachineState) -> MachineState {
        var machine = machine
        machine.show(self)
        let undecoded = RangeIndex(undecoded)
        machine.decoders.removeAll { decoder in
            guard seesDecoders, let range = decoder.range else { return true }
            return undecoded.overlaps(range)
        }
        return machine
    }
}

extension KernelModel {
    /// Takes the state from what `machine` shows.
    fileprivate mutating func take(_ machine: MachineState) {
        loaded = Set(machine.modules.loaded.keys)
        unbound = Set(machine.modules.builtin.filter { machine.modules.state(of: $0) == .unbound })
        isHeld = machine.isHeld
        windowsAreLive = machine.windows.contains(where: \.isLive)
        regions = machine.modelRegions
        claims = machine.claims
        unboundHmem = machine.hmemDevices.filter { !$0.isBound }.compactMap(\.rangeWhenBound)
        // Of iomem, a model reads the lines of kmem alone.
        leaked = leakedRanges(of: machine)
        onlineBlocks = machine.memory.blocks.filter(\.isOnline).map(\.range)
    }
}

extension MachineState {
    /// Shows the state of `model`, as `KernelModel.take(_:)` reads it.
    fileprivate mutating func show(_ model: KernelModel) {
        modules.loaded = [:]
        for (position, name) in model.loaded.sorted().enumerated() {
            modules.loaded[name] = LoadedModule(isLive: true, references: 0, users: [], address: 0, position: position)
        }
        for module in modules.drivers.keys where modules.builtin.contains(module) {
            guard var driver = modules.drivers[module] else { continue }
            for place in driver.devices.indices { driver.devices[place].isBound = !model.unbound.contains(module) }
            modules.drivers[module] = driver
        }
        isHeld = model.isHeld
        for index in windows.indices {
            windows[index].isLive = model.windowsAreLive
            windows[index].number = model.windowsAreLive ? index : nil
        }
        let known = Dictionary(regions.map { ($0.name, $0) }) { first, _ in first }
        regions = model.regions.compactMap { region in known[region.name].flatMap(region.shown(as:)) }
        daxDevices = daxDevices.filter { $0.owner == nil } + model.claims.map(\.shown)
        hmemDevices.removeAll { !$0.isBound }
        hmemDevices += model.unboundHmem.enumerated().map { number, range in
            HmemDevice(name: "hmem.unbound\(number)", isBelowPlatform: true, isBound: false, rangeWhenBound: range)
        }
        // A line of iomem is leaked where no device stands behind it.
        let added = model.leaked + daxDevices.filter { $0.driver == "kmem" }.flatMap(\.ranges)
        iomem = IomemTree(
            inFileOrder: added.uniqued().sorted().map { IomemEntry(range: $0, name: "System RAM (kmem)") }
        )
        memory.blocks = model.onlineBlocks.sorted().enumerated().map { number, block in
            MemoryBlock(number: number, range: block, isOnline: true, zone: nil)
        }
    }
}

extension MachineState {
    /// The bytes that decoders of memory devices answer for, as far as they are or were seen.
    var answering: [AddressRange] {
        decodedBytes + (seesDecoders ? [] : remembered?.decoded ?? [])
    }

    fileprivate var modelRegions: [ModelRegion] {
        let lines = Set(iomem.flattened.map(\.entry.name))
        let showsLines = lines.contains { $0.hasPrefix("CXL Window ") }
        let seesEndpoints = seesDecoders
        let locks = Dictionary(grouping: decoders.filter { $0.locked != nil }, by: \.name)
        return regions.compactMap { region in
            let ofTargets = region.targets.flatMap { locks[$0] ?? [] }.compactMap(\.locked)
            var read = ModelRegion(region, locks: ofTargets, seesEndpoints: seesEndpoints)
            if showsLines { read?.hasLine = lines.contains(region.name) }
            return read
        }
    }

    fileprivate var claims: [DaxClaim] {
        let spans = DaxRegionSpans(of: self)
        return daxDevices.compactMap { device in
            device.owner.map { DaxClaim(device, owner: $0, reserved: spans.span(of: device).map { [$0] } ?? []) }
        }
    }
}

/// The bytes of dax regions, which their devices need not fill.
private struct DaxRegionSpans {
    private let regions: [String: AddressRange]
    private let units: [AddressRange]
    private let index: RangeIndex
    private let byStart: [UInt64: AddressRange]

    init(of machine: MachineState) {
        regions = Dictionary(machine.regions.map { ($0.name, $0.range) }) { first, _ in first }.compactMapValues { $0 }
        units = machine.hmemRanges
        index = RangeIndex(units)
        byStart = Dictionary(units.map { ($0.start, $0) }) { first, _ in first }
    }

    /// Those of the dax region that `device` is in.
    func span(of device: DaxDevice) -> AddressRange? {
        if device.owner == .cxl { return regions[device.through] }
        return device.ranges.flatMap(index.places).min().map { units[$0] }
            ?? device.regionStart.flatMap { byStart[$0] }
    }
}

extension ModelRegion {
    /// A region of sysfs; nil while it has no bytes.
    ///
    /// - Parameter locks: Whether the decoders that it has as targets are locked, as far as they tell.
    init?(_ region: Region, locks: [Bool], seesEndpoints: Bool) {
        guard let range = region.range else { return nil }
        let lock: LockPolicy =
            switch region.locked {
            case true?: .honoured
            case false?: .unlocked
            case nil: locks.contains(true) ? .ignored : locks.isEmpty ? .unknown : .unlocked
            }
        let isDetached = !region.committed && region.locked == true && region.targets.isEmpty && !seesEndpoints
        let stage: Stage =
            switch (region.committed, region.assembled) {
            case (true, true): .assembled
            case (true, false): .committed
            case (false, _): region.targets.isEmpty ? .named : .programmed
            }
        self.init(
            name: region.name,
            range: range,
            mode: region.mode,
            lock: lock,
            life: isDetached ? .detached : .present(stage),
            lacksBridge: region.lacksPmemDriver
        )
    }

    /// A ram region that waits in its decoders.
    init(waitingOver range: AddressRange, isLocked: Bool) {
        self.init(
            name: "region over \(range)",
            range: range,
            lock: isLocked ? .honoured : .unlocked,
            life: .waiting(.assembled)
        )
    }

    /// `region` as sysfs shows it in this life; nil where it doesn't.
    fileprivate func shown(as region: Region) -> Region? {
        guard isPresent else { return nil }
        var region = region
        region.committed = isCommitted
        region.assembled = life == .present(.assembled)
        if life == .detached || life == .present(.named) { region.targets = [] }
        return region
    }
}

extension DaxClaim {
    /// A device of sysfs.
    init(_ device: DaxDevice, owner: Owner, reserved: [AddressRange]) {
        self.init(
            owner: owner,
            ranges: device.ranges,
            reserved: reserved,
            through: device.through,
            device: device.name,
            driver: device.driver,
            users: device.users,
            usersAreKnown: device.usersAreKnown
        )
    }

    /// As sysfs shows it.
    fileprivate var shown: DaxDevice {
        DaxDevice(name: name, ranges: ranges, owner: owner, through: through, driver: driver)
    }
}
