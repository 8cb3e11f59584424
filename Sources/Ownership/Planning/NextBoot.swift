import Iomem
package import Machine

/// What a choice that holds from the next boot on brings there, and what would be dangerous about it. Pure.
///
/// At a boot the decoders are as the firmware leaves them, no module is loaded, and the initial probe is to come.
package struct NextBoot: Sendable {
    let machine: MachineState

    /// The next boot of `machine`, with the same kernel.
    package init(of machine: MachineState) { self.machine = machine }

    /// The owners that `choice` brings.
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

    /// The choice that brings what `policy` wants; nil where it wants nothing, or what no choice brings.
    package func choice(for policy: Policy) -> BootChoice? {
        let fitting = BootChoice.allCases.filter { choice in
            let owners = owners(of: choice)
            return policy.want.isMet(by: owners)
        }
        guard fitting.count > 1 else { return fitting.first }
        // Only wishes that both bring: the order says whether cxl_acpi is to stay out.
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
                "dax_hmem would take \(unit), one range of the SRAT, whole at every boot, and nothing says that there is memory "
                    + "at \(bytes)"
            } ?? "dax_hmem would take \(bytes) at every boot, and no CXL decoder answers for it"
        return Hazard(
            id: .undecodedRange,
            subject: "\(bytes)",
            ranges: [bytes],
            why: "\(cause): onlining it crashes the kernel",
            wayOut: unit.map { _ in
                "leave it to CXL (daxswitch plan cxl), or have the firmware give the memory a range of its own in the SRAT"
            } ?? "leave it to CXL; where a region over it was lost in this boot, reboot first and persist then"
        )
    }

    private func unbindableHazard(_ range: AddressRange) -> Hazard {
        Hazard(
            id: .unbindable,
            subject: "\(range)",
            ranges: [range],
            why:
                "dax_hmem would take \(range), one range of the SRAT, whole at every boot, and no driver can bind: other memory "
                + "lies in it",
            wayOut:
                "leave it to CXL (daxswitch plan cxl), or have the firmware give the memory a range of its own in the SRAT"
        )
    }

    private func orphanedHazard(_ bytes: AddressRange) -> Hazard {
        let isDisabled = machine.hmemSettings.isDisabled
        return Hazard(
            id: .orphanedRange,
            subject: "\(bytes)",
            ranges: [bytes],
            why: "dax_hmem would not take \(bytes), and nobody else would without cxl_acpi: "
                + (isDisabled
                    ? "device_hmem.disable is set, so the kernel gives it no range at all"
                    : "the kernel passes over a range of the SRAT in which other memory lies, and over what no range of the SRAT "
                        + "holds beside one that does"),
            wayOut: "leave it to CXL (daxswitch plan cxl), or "
                + (isDisabled
                    ? "take device_hmem.disable off the kernel command line and reboot first"
                    : "have the firmware give the memory a range of its own in the SRAT")
        )
    }

    /// On a kernel that decides for all ranges in windows together: those that no committed region will contain; nil while
    /// decoders can't be seen.
    private var uncontained: [AddressRange]? {
        let now = KernelModel(of: machine, generation: .allOrNothing)
        let constants = now.constants
        guard machine.seesDecoders || machine.remembered?.isComplete == true else { return nil }
        let regions = now.atNextBoot(.cxl, machine.remembered).regions.filter(\.isCommitted).map(\.range)
        return constants.ranges.filter { range in
            constants.meetsWindow(range) && !regions.contains { $0.contains(range) }
        }
    }

    /// Whether the next boot brings other owners than there are now; nil where that can't be known.
    ///
    /// Without a choice the kernel decides: only that a hold of this boot ends with it is known.
    package var differs: Bool? {
        guard let choice = machine.persisted else { return machine.isHeld || machine.holdGap != nil ? true : nil }
        guard let ends = ends(of: choice) else { return nil }
        let owned = ownedRanges(of: machine)
        return ends.contains { end in
            let index = ModelIndex(end)
            let edges = Edges(of: end.claims.flatMap(\.ranges))
            return owned.contains { now in edges.cut(now.range).contains { index.owner(of: $0) != now.owner } }
        }
    }

    /// Whether `persist cxl` certainly serves `want` at the next boot: CXL owns memory, all wishes are met, and nothing that has an
    /// owner now has none then.
    func bringsCxl(_ want: Policy.Want) -> Bool {
        guard !machine.lacks(.cxlDevices), let ends = ends(of: .cxl) else { return false }
        let owned = ownedRanges(of: machine)
        return ends.allSatisfy { end in
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
    private func ends(of choice: BootChoice) -> [KernelModel]? {
        guard let generation = machine.kernel.generation.value else { return nil }
        let now = KernelModel(of: machine, generation: generation)
        let constants = now.constants
        let knowsDecoders = machine.seesDecoders || machine.remembered?.isComplete == true
        if choice == .cxl && !knowsDecoders && constants.ranges.contains(where: constants.meetsWindow) { return nil }
        let boot = now.atNextBoot(choice, machine.remembered)
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
                wayOut: "create a region over it first (cxl create-region), or let dax_hmem own the memory: daxswitch "
                    + "persist hmem"
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

extension KernelModel {
    /// This machine as its next boot begins: the firmware has programmed the decoders again, and no module is in.
    ///
    /// - Parameter choice: What is persisted.
    func atNextBoot(_ choice: BootChoice?, _ remembered: RememberedDecoders? = nil) -> KernelModel {
        let isBuiltin = constants.builtin.contains("cxl_acpi")
        // `persist` has the boot loader say which of the two it is.
        let isLeftOut =
            isBuiltin && (choice.map { $0 == .hmem } ?? (constants.drivers["cxl_acpi"]?.isRegistered == false))
        var boot = KernelModel(constants).withConstants {
            $0.loadsCxlFirst = choice == .cxl
            $0.drivers["cxl_acpi"]?.isRegistered = !isLeftOut
        }
        boot.isHeld = choice == .hmem
        if isLeftOut { boot.unbound.insert("cxl_acpi") }
        boot.probeIsPending = constants.hasInitialProbe
        let lost = (remembered?.regions ?? []).filter { known in !regions.contains { $0.range == known.range } }
        boot.regions =
            regions.compactMap(\.atNextBoot) + lost.map { ModelRegion(waitingOver: $0.range, isLocked: $0.locked) }
        // What is part of the kernel image is there before the first module.
        if isBuiltin && !isLeftOut { boot.showWindows() }
        return boot
    }
}
