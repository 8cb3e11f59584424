import Iomem
import Machine

/// A state that the model can reach: how the machine is, and what daxswitch remembers of it.
struct ProofState: Sendable {
    let scenario: ProofScenario
    private(set) var world: KernelModel
    /// The decoders as they were when they were hidden from view.
    private(set) var remembered: RememberedDecoders?
    /// `cxl_acpi` has been bound since the boot.
    private(set) var wasBound: Bool

    /// The modules that events load and remove.
    static let modules = ["cxl_acpi", "cxl_pci", "cxl_mem", "dax_hmem", "dax_cxl", "kmem"]
    /// The rest of what these need: a part of the kernel image, since the rules don't ask for it.
    static let builtin: Set<String> = ["cxl_core", "cxl_port", "cxl_pmem", "libnvdimm"]

    /// After these, sysfs shows no decoder, so that daxswitch writes down what it sees before.
    private static let hiding: [Step] = [.unload("cxl_acpi"), .unload("cxl_pci"), .unload("cxl_mem")]

    /// The state in which the machine starts.
    init(booting scenario: ProofScenario) {
        self.init(scenario, scenario.boot, remembered: nil)
    }

    init(_ scenario: ProofScenario, _ world: KernelModel, remembered: RememberedDecoders?, wasBound: Bool = false) {
        self.scenario = scenario
        self.remembered = remembered
        self.wasBound = wasBound || world.windowsAreLive
        self.world = world
        settle()
    }

    /// The states that an event can lead to; none where the kernel refuses it or the host dies of it.
    func following(_ event: ReachEvent) -> [ProofState] {
        switch event {
        case .steps(let steps):
            return steps.reduce([self]) { states, step in states.flatMap { $0.following(step) } }
        case .online:
            return following(.load("kmem")).map(\.online).filter { !$0.world.onlineBlocks.isEmpty && !$0.isDead }
        }
    }

    /// Whether nothing would change.
    func isNeedless(_ event: ReachEvent) -> Bool {
        switch event {
        case .steps(let steps): steps.allSatisfy(isNeedless)
        case .online: world.claims.isEmpty
        }
    }

    /// The same for one step.
    func following(_ step: Step) -> [ProofState] {
        if isNeedless(step) { return [self] }
        let outcome = world.applying(step)
        guard outcome.refusal == nil else { return [] }
        var kept = remembered
        if Self.hiding.contains(step), world.seesDecoders { kept = machine.decodersToRemember(kept: remembered) }
        return outcome.worlds.map { ProofState(scenario, $0, remembered: kept, wasBound: wasBound) }.filter {
            !$0.isDead
        }
    }

    /// Half of all steps find done what they would do; to see that here saves a copy of the world for each.
    private func isNeedless(_ step: Step) -> Bool {
        switch step {
        case .load(let module): world.has(module)
        case .unload(let module): !world.has(module)
        case .hold: world.isHeld
        case .release: !world.isHeld
        case .offlineMemory, .restoreUse: false
        }
    }

    /// All memory that kmem has added is online.
    private var online: ProofState {
        var after = world
        let added = world.claims.filter { $0.driver == "kmem" }.flatMap(\.ranges)
        after.onlineBlocks = scenario.cells.filter { cell in
            world.onlineBlocks.contains(cell) || added.contains { $0.overlaps(cell) }
        }
        return ProofState(scenario, after, remembered: remembered, wasBound: wasBound)
    }

    /// Online memory that no decoder answers for: the kernel panics or oopses within milliseconds.
    private var isDead: Bool {
        world.onlineBlocks.contains { block in world.undecoded.contains { $0.overlaps(block) } }
    }

    /// Brings equal states into equal form: devices have names, reasons are forgotten, ranges are merged.
    private mutating func settle() {
        world.decisions = [:]
        world.assumptions = [:]
        world.undecoded = world.undecoded.merged()
        world.leaked = world.leaked.merged()
        world.claims.sort { one, other in
            one.ranges != other.ranges ? one.ranges.lexicographicallyPrecedes(other.ranges) : one.owner < other.owner
        }
        for index in world.claims.indices { world.claims[index].device = "dax\(index).0" }
    }

    /// Two states with one key are the same state of a scenario.
    var key: UInt64 {
        var bits = ReachBits()
        for module in Self.modules { bits.add(world.loaded.contains(module)) }
        bits.add(world.isHeld)
        bits.add(world.windowsAreLive)
        bits.add(world.probeIsPending)
        for cell in scenario.cells {
            for owner in [Owner.hmem, .cxl] {
                let claim = world.claims.first { $0.owner == owner && $0.overlaps(cell) }
                bits.add(claim != nil)
                bits.add(claim?.driver != nil)
            }
            bits.add(world.undecoded.contains { $0.overlaps(cell) })
            bits.add(world.leaked.contains { $0.overlaps(cell) })
            bits.add(world.onlineBlocks.contains { $0.overlaps(cell) })
            bits.add(remembered?.decoded.contains { $0.overlaps(cell) } == true)
        }
        bits.add(remembered != nil)
        bits.add(wasBound)
        for range in scenario.regions.compactMap(\.range) {
            let region = world.regions.first { $0.range == range }
            bits.add(region != nil)
            bits.add(region?.isPresent == true)
            bits.add(region?.committed == true)
            bits.add(region?.assembled == true)
            let memory = remembered?.regions.first { $0.range == range }
            bits.add(memory != nil)
            bits.add(memory?.locked == true)
        }
        return bits.value
    }
}

/// What can happen to a machine between two looks at it.
enum ReachEvent: Hashable, Sendable {
    case steps([Step])
    /// udev loads kmem, and it or a person onlines all memory that kmem then has.
    case online

    /// What moves modules. The endpoints' two drivers go together: regions need both, and no rule asks for one alone.
    static let switching: [ReachEvent] =
        ["cxl_acpi", "dax_hmem", "dax_cxl"].flatMap { [.steps([.load($0)]), .steps([.unload($0)])] } + [
            .steps([.load("cxl_mem"), .load("cxl_pci")]), .steps([.unload("cxl_pci"), .unload("cxl_mem")]),
            .steps([.hold]), .steps([.release]),
        ]

    /// As a trace names it.
    var words: [String] {
        switch self {
        case .steps(let steps): steps.map(\.description)
        case .online: ["online-memory"]
        }
    }
}

/// Answers of yes and no, one bit each.
private struct ReachBits {
    private(set) var value: UInt64 = 0

    mutating func add(_ bit: Bool) { value = value << 1 | (bit ? 1 : 0) }
}
