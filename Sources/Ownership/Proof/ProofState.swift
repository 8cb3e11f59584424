import Iomem
import Machine

/// A state that the model can reach: how the machine is, and what daxswitch remembers of it.
struct ProofState: Sendable {
    let scenario: ProofScenario
    private(set) var model: KernelModel
    /// The decoders as they were when they were hidden from view.
    private(set) var remembered: RememberedDecoders?
    /// `cxl_acpi` has been bound since the boot.
    private(set) var wasBound: Bool

    /// The modules that events load and remove.
    static let modules = ["cxl_acpi", "cxl_pci", "cxl_mem", "dax_hmem", "dax_cxl", "kmem"]

    /// After these, sysfs shows no decoder, so daxswitch writes down what it sees before.
    private static let hiding: [Step] = [.unload("cxl_acpi"), .unload("cxl_pci"), .unload("cxl_mem")]

    /// The state in which the machine starts.
    init(booting scenario: ProofScenario) {
        self.init(scenario, scenario.boot, remembered: nil)
    }

    init(_ scenario: ProofScenario, _ model: KernelModel, remembered: RememberedDecoders?, wasBound: Bool = false) {
        self.scenario = scenario
        self.remembered = remembered
        self.wasBound = wasBound || model.windowsAreLive
        self.model = model
        settle()
    }

    /// The machine as a reader of sysfs and procfs would find it: what the planner gets to see of this state.
    var machine: MachineState {
        var machine = model.shown(on: scenario.machine)
        machine.initialProbe = Inferred(model.probeIsPending ? .pending : .done, evidence: ["the proof says so"])
        machine.daxCxlMode = Inferred(model.mode, evidence: ["the proof says so"])
        machine.remembered = remembered
        machine.decoderHistory = Inferred(wasBound ? .driversBound : .asAtBoot, evidence: ["the proof says so"])
        return machine
    }

    /// The states that an event can lead to; none where the kernel refuses it or the host dies of it.
    func following(_ event: ProofEvent) -> [ProofState] {
        switch event {
        case .steps(let steps):
            return steps.reduce([self]) { states, step in states.flatMap { $0.following(step) } }
        case .online:
            return following(.load("kmem")).map(\.online).filter { !$0.model.onlineBlocks.isEmpty && !$0.isDead }
        }
    }

    /// Whether nothing would change.
    func isNeedless(_ event: ProofEvent) -> Bool {
        switch event {
        case .steps(let steps): steps.allSatisfy(isNeedless)
        case .online: model.claims.isEmpty
        }
    }

    /// The same for one step.
    func following(_ step: Step) -> [ProofState] {
        if isNeedless(step) { return [self] }
        let outcome = model.applying(step)
        guard outcome.refusal == nil else { return [] }
        var kept = remembered
        if Self.hiding.contains(step), model.seesDecoders { kept = machine.decodersToRemember(kept: remembered) }
        return outcome.models.map { ProofState(scenario, $0, remembered: kept, wasBound: wasBound) }.filter {
            !$0.isDead
        }
    }

    /// Half of all steps find done what they would do; to see that here saves a copy of the model for each.
    private func isNeedless(_ step: Step) -> Bool {
        switch step {
        case .load(let module): model.has(module)
        case .unload(let module): !model.has(module)
        case .hold: model.isHeld
        case .release: !model.isHeld
        case .offlineMemory, .restoreUse, .unbindHmem, .bindHmem, .bindRegion, .splitDevice, .restoreRegion: false
        }
    }

    /// All memory that kmem has added is online.
    private var online: ProofState {
        var after = model
        let added = model.claims.filter { $0.driver == "kmem" }.flatMap(\.ranges)
        after.onlineBlocks = scenario.blocks.filter { block in
            model.onlineBlocks.contains(block) || added.contains { $0.overlaps(block) }
        }
        return ProofState(scenario, after, remembered: remembered, wasBound: wasBound)
    }

    /// Online memory that no decoder answers for: the kernel panics or oopses within milliseconds.
    private var isDead: Bool {
        model.onlineBlocks.contains { block in model.undecoded.contains { $0.overlaps(block) } }
    }

    /// Gives equal states an equal form: devices have names, reasons are forgotten, ranges are merged.
    private mutating func settle() {
        model.forgetReasons()
        model.reset = model.reset.merged()
        model.leaked = model.leaked.merged()
        model.restored = []
        model.softReservedLines = []
        model.claims.sort { one, other in
            one.ranges != other.ranges ? one.ranges.lexicographicallyPrecedes(other.ranges) : one.owner < other.owner
        }
        for index in model.claims.indices { model.claims[index].device = "dax\(index).0" }
    }

    /// Two states with one key are the same state of a scenario.
    var key: UInt64 {
        var bits = StateBits()
        for module in Self.modules { bits.add(model.loaded.contains(module)) }
        bits.add(model.isHeld)
        bits.add(model.windowsAreLive)
        bits.add(model.probeIsPending)
        bits.add(model.mode == .register)
        bits.add(model.mode == .drop)
        for block in scenario.blocks {
            for owner in [Owner.hmem, .cxl] {
                let claim = model.claims.first { $0.owner == owner && $0.overlaps(block) }
                bits.add(claim != nil)
                bits.add(claim?.driver != nil)
            }
            bits.add(model.undecoded.contains { $0.overlaps(block) })
            bits.add(model.leaked.contains { $0.overlaps(block) })
            bits.add(model.onlineBlocks.contains { $0.overlaps(block) })
            bits.add(remembered?.decoded.contains { $0.overlaps(block) } == true)
        }
        bits.add(remembered != nil)
        bits.add(wasBound)
        for range in scenario.machine.regions.compactMap(\.range) {
            let region = model.regions.first { $0.range == range }
            bits.add(region != nil)
            bits.add(region?.isPresent == true)
            bits.add(region?.isCommitted == true)
            bits.add(region?.canBeClaimed == true)
            let memory = remembered?.regions.first { $0.range == range }
            bits.add(memory != nil)
            bits.add(memory?.locked == true)
        }
        return bits.value
    }
}

extension ProofState {
    /// How the machine is, for people.
    var words: String {
        let modules = Self.modules.filter(model.loaded.contains)
        let held = model.isHeld ? ", cxl_acpi blocked" : ""
        let asks = model.constants.hasInitialProbe
        let probe =
            asks && ![.outside, .larger].contains(scenario.placement)
            ? ["initial probe \(model.probeIsPending ? "pending" : "done")"] : []
        let mode = model.mode.map { ["dax_cxl_mode \($0.rawValue)"] } ?? []
        let facts = ["\(modules.isEmpty ? "no module" : modules.joined(separator: ", ")) loaded\(held)"] + probe + mode
        return (facts + scenario.blocks.map(sentence).runs()).joined(separator: "; ")
    }

    /// Who owns a memory block, and what it is used for.
    private func sentence(_ block: AddressRange) -> (AddressRange, String) {
        let owner = model.owner(of: block)
        var words =
            owner == .none
            ? "has no owner" : owner == .both ? "is owned by hmem and cxl" : "is owned by \(owner.rawValue)"
        if model.claims.contains(where: { $0.overlaps(block) && $0.driver == "kmem" }) { words += ", bound to kmem" }
        if model.onlineBlocks.contains(where: block.overlaps) { words += ", online" }
        if model.leaked.contains(where: block.overlaps) { words += ", leaked" }
        if model.undecoded.contains(where: block.overlaps) { words += ", not decoded" }
        return (block, words)
    }
}

extension [(AddressRange, String)] {
    /// Neighbours of which the same is to be said, said once.
    fileprivate func runs() -> [String] {
        var runs: [(range: AddressRange, words: String)] = []
        for (range, words) in self {
            if let last = runs.last, last.words == words, last.range.touches(range),
                let joined = AddressRange(start: last.range.start, end: range.end)
            {
                runs[runs.count - 1].range = joined
            } else {
                runs.append((range, words))
            }
        }
        return runs.map { "\($0.range) \($0.words)" }
    }
}

/// Answers of yes and no, one bit each.
private struct StateBits {
    private(set) var value: UInt64 = 0

    mutating func add(_ bit: Bool) { value = value << 1 | (bit ? 1 : 0) }
}
