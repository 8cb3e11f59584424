import Iomem
package import Machine

/// The result of a choice for the next boots, and what would be dangerous about it. Pure.
///
/// At a boot the decoders are as the firmware leaves them, no module is loaded, and the initial probe is to come.
package struct NextBoot: Sendable {
    let machine: MachineState

    /// The next boot of `machine`, with the same kernel.
    package init(of machine: MachineState) { self.machine = machine }

    /// The owners after a boot with `choice`.
    ///
    /// Without `cxl_acpi` no range meets a window (`Rule.noWindow`). With it before dax_hmem, a committed region gets
    /// its range; a window without one goes to dax_hmem at the initial probe (`Rule.initialProbeHmem`), or to nobody
    /// where every window is left to CXL (`Rule.deferToCxl`). Where the rules are not known, neither is that.
    package func owners(of choice: BootChoice) -> Policy.Want {
        if choice == .hmem { return Policy.Want(coveredByRegion: .hmem, windowOnly: .hmem, outsideWindows: .hmem) }
        let windowOnly: Owner? =
            switch machine.kernel.generation.value {
            case .coordinated, .unfixed: .hmem
            case .deferring: Owner.none
            case .allOrNothing: .hmem
            case .hmemOnly, nil: nil
            }
        // The unit is all ranges in windows: if one is in no region, dax_hmem owns what regions cover, too.
        if machine.kernel.generation.value == .allOrNothing, uncontained != [] {
            return Policy.Want(
                coveredByRegion: uncontained == nil ? nil : .hmem,
                windowOnly: .hmem,
                outsideWindows: .hmem
            )
        }
        return Policy.Want(coveredByRegion: .cxl, windowOnly: windowOnly, outsideWindows: .hmem)
    }

    /// The choice that leads to what `policy` wants; nil if it wants nothing, or if no choice does.
    package func choice(for policy: Policy) -> BootChoice? {
        let fitting = BootChoice.allCases.filter { choice in
            let owners = owners(of: choice)
            return policy.want.isMet(by: owners)
        }
        guard fitting.count > 1 else { return fitting.first }
        // Both choices meet these wishes: the order says whether cxl_acpi is blocked.
        return policy.order.contains(.hold) ? .hmem : .cxl
    }

    /// What `choice` would break at the boot.
    package func hazards(of choice: BootChoice) -> [Hazard] {
        guard choice == .hmem else { return takenTogether }
        // The generation does not matter for what the decoders are.
        let now = KernelModel(of: machine, generation: machine.kernel.generation.value ?? .coordinated)
        return undecoded(now).map { undecodedHazard($0, now.constants) }
            + cutRanges(now.constants).map(unbindableHazard) + passedOver(now.constants).map(orphanedHazard)
    }

    /// Whether nothing speaks against leaving all memory to dax_hmem from the next boot on.
    var canBeHmem: Bool { hazards(of: .hmem).isEmpty }

    /// Whether every boot has `hazard`, whatever is persisted: outside of windows dax_hmem takes a range of the SRAT whole.
    func repeats(_ hazard: Hazard) -> Bool {
        let under = UnitMemory(of: machine)
        return !hazard.ranges.isEmpty
            && hazard.ranges.allSatisfy { bytes in
                guard !machine.windows.contains(where: { $0.range.overlaps(bytes) }) else { return false }
                switch hazard.id {
                case .unbindable: return !under.lines(in: bytes).isEmpty
                case .undecodedRange: return !under.empty(in: bytes).isEmpty
                default: return false
                }
            }
    }

    private func undecodedHazard(_ bytes: AddressRange, _ constants: ModelConstants) -> Hazard {
        let unit =
            constants.under.empty(in: bytes).isEmpty ? nil : constants.ranges.first { $0.overlaps(bytes) }
        let cause =
            unit.map { unit in
                "dax_hmem would take the whole SRAT range \(unit) at every boot, but no table or device reports memory "
                    + "at \(bytes)"
            } ?? "dax_hmem would take \(bytes) at every boot, but no CXL decoder maps it"
        return Hazard(
            id: .undecodedRange,
            subject: "\(bytes)",
            ranges: [bytes],
            why: "\(cause). If it goes online, the kernel crashes",
            fix: unit.map { _ in
                "leave it to CXL (daxswitch plan cxl), or use firmware whose SRAT lists this memory as a separate range"
            } ?? "leave it to CXL. If its region was lost in this boot, reboot first and run persist again"
        )
    }

    private func unbindableHazard(_ range: AddressRange) -> Hazard {
        Hazard(
            id: .unbindable,
            subject: "\(range)",
            ranges: [range],
            why:
                "dax_hmem would take the whole SRAT range \(range) at every boot, but no driver could bind: other memory "
                + "lies in it",
            fix:
                "leave it to CXL (daxswitch plan cxl), or use firmware whose SRAT lists this memory as a separate range"
        )
    }

    private func orphanedHazard(_ bytes: AddressRange) -> Hazard {
        let isDisabled = machine.hmemSettings.isDisabled
        return Hazard(
            id: .orphanedRange,
            subject: "\(bytes)",
            ranges: [bytes],
            why: "without cxl_acpi no driver would own \(bytes): "
                + (isDisabled
                    ? "device_hmem.disable is set, so dax_hmem has no range"
                    : "dax_hmem skips an SRAT range that also covers other memory, and Soft Reserved bytes beside an SRAT range "
                        + "that overlaps the same Soft Reserved range"),
            fix: "leave it to CXL (daxswitch plan cxl), or "
                + (isDisabled
                    ? "remove device_hmem.disable from the kernel command line and reboot first"
                    : "use firmware whose SRAT lists this memory as a separate range")
        )
    }

    /// On a kernel that decides for all ranges in windows together: those that no committed region will contain; nil while
    /// decoders can't be seen.
    private var uncontained: [AddressRange]? {
        let now = KernelModel(of: machine, generation: .allOrNothing)
        let constants = now.constants
        guard knowsDecoders else { return nil }
        let regions = RangeIndex(
            now.atNextBoot(.cxl, machine.remembered).regions.filter(\.isCommitted).map(\.range)
        )
        return constants.ranges.filter { constants.meetsWindow($0) && !regions.hasContainer(of: $0) }
    }

    /// Whether it is known which bytes decoders map now, or mapped when they were seen last.
    var knowsDecoders: Bool { machine.seesDecoders || machine.remembered?.isComplete == true }

    /// Whether the next boot leads to other owners than there are now; nil where that can't be known.
    ///
    /// Without a choice the kernel decides: only that a hold of this boot ends with it is known.
    package var differs: Bool? {
        guard let choice = machine.persisted else { return machine.isHeld || machine.holdGap != nil ? true : nil }
        guard let ends = ends(of: choice) else { return nil }
        let owned = ownedRanges(of: machine)
        let isOther = { (end: KernelModel) in
            let index = ModelIndex(end)
            let edges = Edges(of: end.claims.flatMap(\.ranges))
            return owned.contains { now in edges.cut(now.range).contains { index.owner(of: $0) != now.owner } }
        }
        let differs = ends.contains(where: isOther)
        let others = regionDoubts.compactMap { self.ends(of: choice, changing: $0.change) }
        return others.allSatisfy { $0.contains(where: isOther) == differs } ? differs : nil
    }

    /// Whether `persist cxl` certainly serves `want` at the next boot: CXL owns memory, all wishes are met, and nothing that has an
    /// owner now has none then.
    func bringsCxl(_ want: Policy.Want) -> Bool {
        guard !machine.lacks(.cxlDevices), let ends = ends(of: .cxl) else { return false }
        let owned = ownedRanges(of: machine)
        let lost = regionsOfFirmware
        let others = lost.isEmpty ? [] : self.ends(of: .cxl) { $0.replace(with: lost) } ?? []
        return (ends + others).allSatisfy { end in
            let index = ModelIndex(end)
            let edges = Edges(of: end.claims.flatMap(\.ranges) + end.regions.map(\.range))
            let parts = owned.flatMap { now in edges.cut(now.range).map { (range: $0, now: now.owner) } }
            return parts.contains { index.owner(of: $0.range) == .cxl }
                && parts.allSatisfy { part in
                    let owner = index.owner(of: part.range)
                    if let wish = want.owner(over: part.range, in: index) { return wish == owner }
                    return owner != .none || part.now == .none || end.constants.under.isBeyond(part.range)
                }
        }
    }

    /// How the next boot can end with `choice`; nil where that can't be known.
    ///
    /// - Parameter change: Changes the regions that follow from what is there now.
    private func ends(of choice: BootChoice, changing change: RegionChange = { _ in }) -> [KernelModel]? {
        guard let generation = machine.kernel.generation.value else { return nil }
        let now = KernelModel(of: machine, generation: generation)
        let constants = now.constants
        if choice == .cxl && !knowsDecoders && constants.ranges.contains(where: constants.meetsWindow) { return nil }
        let boot = now.atNextBoot(choice, machine.remembered, changing: change)
        return [Step.load("dax_hmem"), .load("dax_cxl")].reduce([boot]) { models, step in
            models.flatMap { $0.applying(step).models }
        }
    }

    /// What keeps CXL from owning anything at the next boot.
    private var takenTogether: [Hazard] {
        guard machine.kernel.generation.value == .allOrNothing, let bytes = uncontained, !bytes.isEmpty else {
            return []
        }
        return [
            Hazard(
                id: .wantUnmet,
                subject: bytes.words,
                ranges: bytes,
                why: "no committed region contains \(bytes.words), so dax_hmem would own every range in a CXL window "
                    + "(\(Rule.allOrNothingHmem.id))",
                fix: "create a region over it first (cxl create-region), or let dax_hmem own the memory: `daxswitch "
                    + "persist hmem`"
            )
        ]
    }

    /// Bytes in windows that no memory answers for as far as this boot shows: without a decoder, if decoders can be seen, and
    /// those of an HMEM range that is larger than its memory. Outside of windows, dax_hmem takes the same with every choice.
    private func undecoded(_ now: KernelModel) -> [AddressRange] {
        let constants = now.constants
        guard !machine.seesDecoders else { return now.undecoded.filter(constants.meetsWindow).merged() }
        // Locked or not: the firmware programs them again.
        let decoded = RangeIndex((machine.remembered?.regions.map(\.range) ?? []) + (machine.remembered?.decoded ?? []))
        let empty = constants.under.empty.filter(constants.meetsWindow).flatMap(decoded.remainder)
        guard machine.remembered?.isComplete == true else { return empty.merged() }
        let answered = RangeIndex(constants.under.lines.map(\.range))
        return (constants.rangesInWindows.flatMap(decoded.remainder).flatMap(answered.remainder) + empty).merged()
    }

    /// Soft Reserved bytes that CXL owns, or that a region has at the next boot, and that no HMEM range holds: dax_hmem never
    /// takes them.
    private func passedOver(_ constants: ModelConstants) -> [AddressRange] {
        let taken = RangeIndex(constants.ranges)
        let missed = machine.softReserved.map(\.range).flatMap(taken.remainder)
        guard !missed.isEmpty else { return [] }
        let regions = machine.regions.filter { $0.mode == "ram" }.compactMap(\.range)
        let owned = machine.daxDevices.filter { $0.owner == .cxl }.flatMap(\.ranges)
        let cxl = RangeIndex(regions + owned + (machine.remembered?.regions.map(\.range) ?? []))
        return missed.flatMap(cxl.intersections).merged()
    }

    /// The HMEM ranges in windows over which no driver could bind, since other memory lies in them.
    private func cutRanges(_ constants: ModelConstants) -> [AddressRange] {
        constants.ranges.filter { unit in
            constants.meetsWindow(unit) && !constants.under.lines(in: unit).isEmpty
        }
    }
}

/// Whether a fix may name `persist hmem`, found out when the first one asks.
final class BootAdvice {
    private let machine: MachineState
    lazy var canBeHmem = NextBoot(of: machine).canBeHmem

    init(_ machine: MachineState) { self.machine = machine }
}

extension Policy.Want {
    /// Whether every wish is what `owners` has, and there is a wish.
    fileprivate func isMet(by owners: Policy.Want) -> Bool {
        let wishes = [
            (coveredByRegion, owners.coveredByRegion), (windowOnly, owners.windowOnly),
            (outsideWindows, owners.outsideWindows),
        ]
        return wishes.contains { $0.0 != nil } && wishes.allSatisfy { $0.0 == nil || $0.0 == $0.1 }
    }
}
