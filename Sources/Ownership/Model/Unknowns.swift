import Iomem
package import Machine

/// Facts that a person sets in place of what was found.
package struct Overrides: Sendable, Equatable {
    /// `--rules`.
    package var generation: Generation?
    /// `--initial-probe`.
    package var initialProbe: InitialProbe?
    /// `--regions-from`.
    package var regions: EarlierRegions?

    /// No override, unless given.
    package init(
        generation: Generation? = nil,
        initialProbe: InitialProbe? = nil,
        regions: EarlierRegions? = nil
    ) {
        self.generation = generation
        self.initialProbe = initialProbe
        self.regions = regions
    }
}

/// Why no plan can be made.
package struct PlanningError: Error, Sendable, Equatable {
    /// What kind of obstacle.
    package enum Code: String, Sendable {
        /// The evidence does not tell which rules the kernel follows.
        case generationUnknown = "generation-unknown"
        /// The kernel has no such module.
        case missingModule = "missing-module"
    }
    /// What kind of obstacle.
    package let code: Code
    /// A sentence for a person, with the fix.
    package let message: String

    /// It is not known which rules the kernel of `machine` follows.
    fileprivate static func generationUnknown(_ machine: MachineState) -> PlanningError {
        let release = machine.kernel.release
        let words = release == Kernel.unknownRelease ? "the kernel" : "kernel \(release)"
        let isBare = machine.softReserved.isEmpty && machine.windows.isEmpty && machine.regions.isEmpty
        return PlanningError(
            code: .generationUnknown,
            message: isBare
                ? "this machine shows no Soft Reserved memory, no CXL window and no CXL region: there is nothing to decide"
                : "the rules of \(words) are not known (evidence: daxswitch status --verbose). If it is a vendor kernel with "
                    + "version 5 or 6 of the patch series, use --rules all-or-nothing; otherwise --rules GENERATION, one of "
                    + Generation.allCases.map(\.rawValue).joined(separator: ", ")
        )
    }
}

/// Every way that a machine can be, given what could not be read from it.
struct Unknowns {
    /// The unknown facts.
    let facts: [UnknownFact]
    /// One model for each way in which all of them can be; at least one.
    let models: [KernelModel]
    /// The models, for questions about ranges.
    let indexes: [ModelIndex]
    /// Bytes under which a model assumes a region with an unknown end: their edges are in no fact.
    let supposedParts: [AddressRange]
    /// What to do about CXL memory devices that are not seen; nil where they are seen, or no fix is known.
    let adviceOnUnseenDevices: String?
    private let supposedEdges: Edges

    init(of machine: MachineState, overrides: Overrides) throws(PlanningError) {
        guard let generation = overrides.generation ?? machine.kernel.generation.value else {
            throw PlanningError.generationUnknown(machine)
        }
        var model = KernelModel(of: machine, generation: generation)
        if let file = overrides.regions?.file { model = model.withConstants { $0.earlierFile = file } }
        let probe = overrides.initialProbe ?? machine.initialProbe.value
        model.probeIsPending = model.constants.hasInitialProbe && probe == .pending
        let unseen = UnseenRegions(of: machine, model)
        facts = [
            UnrecordedOwners(of: machine, model)?.fact, .unrecordedWindows(on: machine, model),
            .keptDecoders(on: machine, model), .dynamicCapacity(of: machine),
            .unrecordedBlocks(on: machine, model),
            .unrecordedModules(on: machine, model), unseen?.fact, .hold(machine), .regionIdle(on: machine),
            .moduleHelper(model), .modprobe(machine.modprobe),
            .otherHelper(machine.kernel, model), .initialProbe(probe, model), .daxCxlMode(on: machine, model),
            .claimsAwaitMode(on: machine, model),
        ].compactMap { $0 }
        models = facts.reduce([model]) { models, fact in
            models.flatMap { model in fact.alternatives.map { model.assuming($0, of: fact.id) } }
        }
        indexes = models.map(ModelIndex.init)
        supposedParts = unseen?.parts ?? []
        adviceOnUnseenDevices = unseen == nil ? nil : Self.adviceOnUnseenDevices(of: machine)
        supposedEdges = Edges(of: supposedParts)
    }

    /// Why it is not known whether a window or a region lies over bytes, in words.
    var whyCoverIsUnknown: String { coverFacts.map(\.words).joined(separator: "; ") }

    /// The facts that tell whether a window or a region lies over bytes.
    var coverFacts: [UnknownFact] {
        facts.filter { [.unrecordedOwners, .unrecordedWindows, .unseenRegions].contains($0.id) }
    }

    /// What to do about decoders that are not seen since no CXL memory device is.
    private static func adviceOnUnseenDevices(of machine: MachineState) -> String? {
        if machine.lacks(.cxlDevices) || machine.isHeld || !machine.memdevs.isEmpty { return nil }
        if machine.missingCxlDriver == nil {
            return "check the CXL memory devices: none is visible, and without one there is nothing to give to CXL"
        }
        let command = machine.commandShowingCxl
        if command.isEmpty { return nil }
        return
            "run `\(command)`, so the CXL devices are visible, then plan again. Without a CXL device there is nothing to "
            + "give to CXL"
    }

    /// `range` in ranges that no supposed region cuts.
    func uncut(_ range: AddressRange) -> [AddressRange] { supposedEdges.cut(range) }
}

/// A fact that could not be read, with the ways in which it can be.
struct UnknownFact: Sendable {
    /// Which fact.
    enum Identifier: Hashable, Sendable {
        case unrecordedOwners, unrecordedWindows, keptDecoders, dynamicCapacity, unrecordedBlocks, unrecordedModules,
            unseenRegions,
            hold, regionIdle, moduleHelper,
            modprobe,
            otherHelper, initialProbe, daxCxlMode, claimsAwaitMode
    }
    let id: Identifier
    /// The fact in words, and why it is not known.
    let words: String
    /// At least two; the first is the machine as it was read.
    let alternatives: [Assumption]

    fileprivate init(_ id: Identifier, _ words: String, or others: Assumption...) {
        self.init(id, words, or: others)
    }

    init(_ id: Identifier, _ words: String, or others: [Assumption]) {
        self.id = id
        self.words = words
        alternatives = [.asRead] + others
    }
}

/// One way in which an unknown fact can be.
enum Assumption: Hashable, Sendable {
    /// As it was read.
    case asRead
    /// dax_hmem holds these ranges.
    case hmemOwns([AddressRange])
    /// The CXL drivers hold these ranges, each through a region of its own.
    case cxlOwns([AddressRange])
    /// Windows lie over these ranges, and regions wait in them if so.
    case windowsLie([AddressRange], withRegions: Bool)
    /// The decoders of these regions stay when `cxl_acpi` goes.
    case regionsAreLocked([String])
    /// All bytes of these regions have memory.
    case regionsHaveMemory([String])
    /// Memory of kmem over these ranges is online.
    case memoryIsOnline([AddressRange])
    /// These modules are in.
    case modulesAreIn([String])
    /// These regions wait in decoders that are not seen.
    case regionsWait([ModelRegion])
    /// Half a hold keeps `cxl_acpi` out.
    case holdCounts
    /// The next load of dax_hmem has `region_idle`.
    case regionIsIdle
    /// Who lets `cxl_acpi` in again gives the kernel its helper for request_module() back.
    case releaseRestoresHelper
    /// modprobe does not load what it is in doubt about.
    case modprobeKeepsOut
    /// The kernel's helper for request_module() loads nothing.
    case helperLoadsNothing
    /// The initial probe is still to come.
    case probeIsPending
    /// All ranges in windows are treated so.
    case modeIs(DaxCxlMode)
    /// dax_cxl waits for dax_hmem's decision.
    case claimsAwaitMode
}

extension UnknownFact {
    /// Half of a hold: so both a hold and a release are needed, whichever comes first.
    fileprivate static func hold(_ machine: MachineState) -> UnknownFact? {
        machine.holdGap.map { gap in
            UnknownFact(.hold, "whether cxl_acpi is blocked is not known: \(gap)", or: .holdCounts)
        }
    }

    /// dax_cxl makes a device over what of such a region has memory, which comes and goes.
    fileprivate static func dynamicCapacity(of machine: MachineState) -> UnknownFact? {
        let names = machine.regions.filter(\.hasDynamicCapacity).map(\.name)
        guard !names.isEmpty else { return nil }
        return UnknownFact(
            .dynamicCapacity,
            "which bytes of \(names.joined(separator: ", ")) have memory is not known: its capacity is dynamic",
            or: .regionsHaveMemory(names)
        )
    }

    /// Options that a person gave with modprobe are seen on the module that is in, and gone with it.
    fileprivate static func regionIdle(on machine: MachineState) -> UnknownFact? {
        let settings = machine.hmemSettings
        guard !settings.regionIsIdle, settings.loadedRegionIsIdle == true else { return nil }
        return UnknownFact(
            .regionIdle,
            "dax_hmem.region_idle is set on the loaded module, but not on the kernel command line: the next load may or may not set it",
            or: .regionIsIdle
        )
    }

    /// An emptied path of the helper is one way to keep `cxl_acpi` out; daxswitch takes others, and leaves it as it is.
    fileprivate static func moduleHelper(_ model: KernelModel) -> UnknownFact? {
        guard model.constants.asksForCxl, !model.hasHelper else { return nil }
        return UnknownFact(
            .moduleHelper,
            "/proc/sys/kernel/modprobe does not name a program that loads modules. Whether that changes before dax_hmem is "
                + "loaded again is not known",
            or: .releaseRestoresHelper
        )
    }

    /// What the host's own configuration of modprobe leaves open.
    fileprivate static func modprobe(_ settings: ModprobeSettings) -> UnknownFact? {
        if settings.doubtful.isEmpty { return nil }
        let words = settings.doubtful.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
        return UnknownFact(
            .modprobe,
            "whether modprobe loads these modules is not known: " + words.joined(separator: ", "),
            or: .modprobeKeepsOut
        )
    }

    /// A helper for request_module() that is no modprobe.
    fileprivate static func otherHelper(_ kernel: Kernel, _ model: KernelModel) -> UnknownFact? {
        guard let program = kernel.unknownModuleHelper, model.constants.asksForCxl else { return nil }
        return UnknownFact(
            .otherHelper,
            "/proc/sys/kernel/modprobe is \(program). Whether that program loads modules is not known",
            or: .helperLoadsNothing
        )
    }

    fileprivate static func initialProbe(_ probe: InitialProbe, _ model: KernelModel) -> UnknownFact? {
        guard probe == .unknown, model.constants.hasInitialProbe,
            model.constants.ranges.contains(where: model.constants.meetsWindow)
        else { return nil }
        return UnknownFact(
            .initialProbe,
            "the initial probe is unknown: an earlier dax_hmem probe of this boot may have found a CXL window",
            or: .probeIsPending
        )
    }
}

/// While `cxl_acpi` or the memory devices' drivers are not loaded, sysfs shows no decoder: regions may wait in them.
///
/// What lies over one range says nothing about another, and no rule takes two ranges together: one supposition for
/// all of them gives every range its owners.
private struct UnseenRegions {
    let fact: UnknownFact
    /// The bytes of the regions that are supposed over a part of a range.
    let parts: [AddressRange]

    /// Nil where no region can wait unseen.
    init?(of machine: MachineState, _ model: KernelModel) {
        let generation = model.constants.generation
        guard generation != .hmemOnly, let why = machine.whyDecodersAreUnseen else { return nil }
        let visible = RangeIndex(model.regions.map(\.range))
        let reserved = RangeIndex(machine.softReserved.map(\.range))
        let remembered = RangeIndex(machine.remembered?.decoded ?? [])
        let inWindows = machine.windows.flatMap { window in
            reserved.intersections(with: window.range).flatMap(visible.remainder)
                .map { (range: $0, isLocked: window.isFixed && model.constants.hasInitialProbe) }
        }
        // What was seen and is over no region can still become one: decoders that stayed.
        let unseen = inWindows.filter { hidden in
            machine.remembered.map { !$0.isComplete || remembered.overlaps(hidden.range) } ?? true
        }
        if unseen.isEmpty { return nil }
        let names = unseen.map(\.range.description).joined(separator: ", ")
        let wholes = unseen.map { ModelRegion(waitingOver: $0.range, isLocked: $0.isLocked) }
        let halves = unseen.compactMap { hidden in
            hidden.range.firstPart.map { ModelRegion(waitingOver: $0, isLocked: hidden.isLocked) }
        }
        parts = halves.map(\.range)
        fact = UnknownFact(
            .unseenRegions,
            "no decoders are visible: a committed region may cover \(names), or a part of it (\(why))",
            or: .regionsWait(wholes),
            .regionsWait(halves)
        )
    }
}

extension AddressRange {
    /// About half of it, as a region of its own could lie there; nil where it is too small to have parts.
    fileprivate var firstPart: AddressRange? {
        let alignment: UInt64 = 2 << 20
        return AddressRange(start: start, size: size / 2 / alignment * alignment)
    }
}
