import Iomem
package import Machine

/// Facts that a person sets in place of what was found.
package struct Overrides: Sendable, Equatable {
    /// `--rules`.
    package var generation: Generation?
    /// `--initial-probe`.
    package var initialProbe: InitialProbe?

    /// No override, unless given.
    package init(generation: Generation? = nil, initialProbe: InitialProbe? = nil) {
        self.generation = generation
        self.initialProbe = initialProbe
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
    /// A sentence for a person, with the way out.
    package let message: String
}

/// Every way that a machine can be, given what could not be read from it.
struct Unknowns {
    /// At least one.
    var worlds: [KernelModel]
    /// The unknown facts, in words; a world's assumptions name them by index.
    var facts: [String]
    /// Bytes under which a world supposes a region that ends where nobody knows: their edges are in no fact.
    private(set) var supposedParts: [AddressRange] = []

    init(of machine: MachineState, overrides: Overrides) throws(PlanningError) {
        guard let generation = overrides.generation ?? machine.kernel.generation.value else {
            let isBare = machine.softReserved.isEmpty && machine.windows.isEmpty && machine.regions.isEmpty
            throw PlanningError(
                code: .generationUnknown,
                message: isBare
                    ? "this machine shows no Soft Reserved memory, no CXL window and no CXL region: there is nothing to decide"
                    : "it is not known which rules kernel \(machine.kernel.release) follows ("
                        + machine.kernel.generation.evidence.joined(separator: "; ")
                        + "); say --rules \(Generation.allCases.map(\.rawValue).joined(separator: "|"))"
            )
        }
        worlds = [KernelModel(of: machine, generation: generation)]
        facts = []
        addUnseenRegions(of: machine, generation)
        addIdleRegions(of: machine)
        addHelper(generation)
        addModprobe(of: machine)
        addInitialProbe(overrides.initialProbe ?? machine.initialProbe.value, generation)
    }

    /// Each world once for each way in which an unknown fact can be; the first is the world as it is.
    private mutating func branch(_ fact: String, _ changes: ((inout KernelModel) -> Void)...) {
        let index = facts.count
        facts.append(fact)
        worlds = worlds.flatMap { world in
            ([{ _ in }] + changes).enumerated().map { choice, change in
                var changed = world
                changed.assumptions[index] = choice
                change(&changed)
                return changed
            }
        }
    }

    /// While `cxl_acpi` or the memory devices' drivers are out, sysfs shows no decoder: regions may wait in them.
    ///
    /// What lies over one range says nothing about another, and no rule takes two ranges together: one supposition for
    /// all of them gives every range its owners.
    private mutating func addUnseenRegions(of machine: MachineState, _ generation: Generation) {
        guard generation != .hmemOnly, let world = worlds.first, let why = machine.whyDecodersAreUnseen else { return }
        let visible = world.regions.map(\.range)
        let inWindows = machine.windows.flatMap { window in
            machine.softReserved.compactMap { window.range.intersection($0.range) }.flatMap { $0.subtracting(visible) }
                .map { (range: $0, isLocked: window.isFixed && generation != .deferring) }
        }
        // What was seen and is over no region can still become one: decoders that stayed.
        let unseen = inWindows.filter { hidden in
            machine.remembered.map { !$0.isComplete || $0.decoded.contains { $0.overlaps(hidden.range) } } ?? true
        }
        if unseen.isEmpty { return }
        supposedParts = unseen.compactMap { $0.range.firstPart }
        let names = unseen.map(\.range.description).joined(separator: ", ")
        branch(
            "decoders unseen: a committed region may lie over \(names), or over a part of it (\(why))",
            { world in world.regions += unseen.map { ModelRegion(supposed: $0.range, isLocked: $0.isLocked) } },
            { world in
                world.regions += unseen.compactMap { hidden in
                    hidden.range.firstPart.map { ModelRegion(supposed: $0, isLocked: hidden.isLocked) }
                }
            }
        )
    }

    /// `tile` in pieces that no supposed region cuts.
    func pieces(of tile: AddressRange) -> [AddressRange] { cut([tile], at: supposedParts) }

    /// Options that a person gave with modprobe are seen on the module that is in, and gone with it.
    private mutating func addIdleRegions(of machine: MachineState) {
        let settings = machine.hmemSettings
        guard !settings.regionIsIdle, settings.loadedRegionIsIdle == true else { return }
        branch(
            "dax_hmem.region_idle is set on the loaded module and not on the command line: the next load may have it"
        ) {
            $0.regionIsIdle = true
        }
    }

    /// An emptied path of the helper is one way to keep `cxl_acpi` out; daxswitch takes others, and leaves it as it is.
    private mutating func addHelper(_ generation: Generation) {
        guard let world = worlds.first, world.asksForCxl, !world.modules.hasHelper else { return }
        branch(
            "/proc/sys/kernel/modprobe names no program that loads modules: whether it is put right before dax_hmem is "
                + "loaded again is not known"
        ) {
            $0.releaseRestoresHelper = true
        }
    }

    /// What the host's own configuration of modprobe leaves open, and a helper that is no modprobe.
    private mutating func addModprobe(of machine: MachineState) {
        let lines = machine.modprobe.doubtful
        if !lines.isEmpty {
            let words = lines.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
            branch("it is not known whether modprobe loads " + words.joined(separator: ", ")) {
                $0.modules.keepOut(lines)
            }
        }
        if let program = machine.kernel.unknownModuleHelper, worlds.first?.asksForCxl == true {
            branch("/proc/sys/kernel/modprobe is \(program): whether it loads modules is not known") {
                $0.modules.dropHelper()
            }
        }
    }

    private mutating func addInitialProbe(_ probe: InitialProbe, _ generation: Generation) {
        guard generation == .coordinated || generation == .unfixed else { return }
        switch probe {
        case .pending: worlds = worlds.map { $0.with(pending: true) }
        case .done: worlds = worlds.map { $0.with(pending: false) }
        case .unknown:
            guard let world = worlds.first, world.ranges.contains(where: { world.meetsKnownWindow($0) }) else { return }
            branch("initial probe unknown: dax_hmem may have met a window earlier in this boot") {
                $0.probeIsPending = true
            }
        }
    }
}

extension AddressRange {
    /// About half of it, as a region of its own could lie there; nil where it is too small to have parts.
    fileprivate var firstPart: AddressRange? {
        let alignment: UInt64 = 2 << 20
        return AddressRange(start: start, size: size / 2 / alignment * alignment)
    }
}

extension KernelModel {
    func with(pending: Bool) -> KernelModel {
        var world = self
        world.probeIsPending = pending
        return world
    }

    /// Whether the decoders of the memory devices are in sysfs.
    var seesDecoders: Bool { windowsAreLive && has("cxl_pci") && has("cxl_mem") && has("cxl_port") }

    var whyUnseen: String {
        if !windowsAreLive { return "cxl_acpi is out" }
        return "\(["cxl_pci", "cxl_mem", "cxl_port"].first { !has($0) } ?? "cxl_acpi") is out"
    }

    func meetsKnownWindow(_ range: AddressRange) -> Bool { windows.contains { $0.overlaps(range) } }
}
