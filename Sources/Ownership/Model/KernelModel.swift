import Iomem
import Machine

/// One way that the machine can be: everything that the rules ask for, with each unknown fact decided one way.
///
/// A step turns a model into a model; what can't be known is several models side by side.
struct KernelModel: Equatable, Sendable {
    private var shared: SharedConstants
    /// Live modules that can be removed.
    var loaded: Set<String> = []
    /// Modules of the kernel image whose driver is unbound from its devices.
    var unbound: Set<String> = []
    /// Something keeps `cxl_acpi` out.
    var isHeld = false
    /// The kernel has a helper for request_module().
    var hasHelper: Bool
    /// How often something that is not a module holds a module.
    var references: [String: Int]
    /// `cxl_acpi` is bound: the windows are in iomem.
    var windowsAreLive = false
    /// The initial probe is still to come.
    var probeIsPending = false
    /// What is decided about all ranges that meet a window; nil on other generations than `all-or-nothing`.
    var mode: DaxCxlMode?
    /// The "Soft Reserved" lines that dax_hmem has put into iomem, on that generation.
    var softReservedLines: [AddressRange] = []
    var regions: [ModelRegion] = []
    var claims: [DaxClaim] = []
    /// The bytes of `hmem.N` that dax_hmem was unbound from and can be bound to again.
    var unboundHmem: [AddressRange] = []
    /// Bytes whose decoders steps have reset.
    var reset: [AddressRange] = []
    /// Bytes over which steps have made a region again.
    var restored: [AddressRange] = []
    /// Memory that kmem added and whose device is gone.
    var leaked: [AddressRange] = []
    /// Online memory blocks.
    var onlineBlocks: [AddressRange] = []
    /// Why each range is as it is.
    private(set) var decisions = Decisions()
    /// How each unknown fact was decided.
    private(set) var assumptions: [UnknownFact.Identifier: Assumption] = [:]

    /// A machine without modules, devices and regions.
    init(_ constants: ModelConstants) {
        shared = SharedConstants(constants)
        hasHelper = constants.modules.hasHelper
        references = constants.modules.references
        mode = constants.generation == .allOrNothing ? .defer : nil
    }

    /// The same machine before any module is loaded, with unknown facts decided in the same way.
    var withoutModules: KernelModel {
        var model = KernelModel(constants)
        model.assumptions = assumptions
        return model
    }

    /// What no step changes.
    private(set) var constants: ModelConstants {
        _read { yield shared.value }
        set { shared.value = newValue }
    }

    /// Bytes that no memory answers for.
    var undecoded: [AddressRange] { constants.undecoded + reset }

    /// Whether `module` is in, and its driver at work.
    func has(_ module: String) -> Bool { isIn(module) && !unbound.contains(module) }

    /// Whether the code of `module` is in the kernel, loaded or built in.
    func isIn(_ module: String) -> Bool { loaded.contains(module) || constants.builtin.contains(module) }

    /// Whether the decoders of the memory devices are in sysfs.
    var seesDecoders: Bool { windowsAreLive && has("cxl_pci") && has("cxl_mem") && has("cxl_port") }

    /// The material does not tell which memory blocks are online, and in this model memory of kmem is.
    var supposesOnlineMemory: Bool { assumptions[.unrecordedBlocks].map { $0 != .asRead } ?? false }

    /// Why they are not, in words.
    var whyUnseen: String {
        if !windowsAreLive { return whyNoWindows }
        return absence(of: ["cxl_pci", "cxl_mem", "cxl_port"].first { !has($0) } ?? "cxl_acpi")
    }

    /// Why `/proc/iomem` has no CXL window, in words.
    var whyNoWindows: String { absence(of: "cxl_acpi") }

    /// That `module` is not at work, in words: a driver of the kernel image can be unbound, and a module not loaded.
    private func absence(of module: String) -> String {
        "\(module) is not \(constants.builtin.contains(module) ? "bound" : "loaded")"
    }

    /// Who has a dax device over bytes that no edge cuts; many ranges are asked about through a `ModelIndex`.
    func owner(of range: AddressRange) -> Owner { .of(claims.filter { $0.overlaps(range) }) }

    /// Notes why `range` is as it is.
    mutating func decide(_ range: AddressRange, _ rules: [Rule], _ why: String) {
        decide(range, Decision(rules, why))
    }

    /// Notes `decision`, which says why `range` is as it is.
    mutating func decide(_ range: AddressRange, _ decision: Decision) { decisions.note(decision, about: range) }

    /// Notes why many ranges are as they are, decided one after the other.
    mutating func decide(_ made: [(range: AddressRange, decision: Decision)]) { decisions.note(made) }

    /// Whether nothing but reasons differs.
    func isSame(as other: KernelModel) -> Bool {
        var copy = other
        copy.decisions = decisions
        return copy == self
    }

    /// The same state of another machine.
    func withConstants(_ change: (inout ModelConstants) -> Void) -> KernelModel {
        var model = self
        change(&model.constants)
        return model
    }

    /// The machine where `fact` is as `assumption` says.
    func assuming(_ assumption: Assumption, of fact: UnknownFact.Identifier) -> KernelModel {
        var model = self
        model.assumptions[fact] = assumption
        switch assumption {
        case .asRead: break
        case .hmemOwns(let ranges): model = model.withHmem(over: ranges)
        case .cxlOwns(let ranges): model = model.withCxl(over: ranges)
        case .windowsLie(let ranges, let withRegions):
            model.constants.suppose(windows: ranges)
            if withRegions { model.regions += ranges.map { ModelRegion(waitingOver: $0, isLocked: true) } }
        case .regionsAreLocked(let names):
            for index in model.regions.indices where names.contains(model.regions[index].name) {
                model.regions[index].lock = .honoured
            }
        case .regionsHaveMemory(let names):
            for index in model.regions.indices where names.contains(model.regions[index].name) {
                model.regions[index].mode = "ram"
            }
        case .memoryIsOnline(let ranges): model.onlineBlocks += ranges
        case .modulesAreIn(let names): model.loaded.formUnion(names)
        case .regionsWait(let waiting): model.regions += waiting
        case .holdCounts: model.isHeld = true
        case .regionIsIdle: model.constants.regionIsIdle = true
        case .releaseRestoresHelper: model.constants.releaseRestoresHelper = true
        case .modprobeKeepsOut: model.constants.modules.keepOutWhatIsDoubtful()
        case .helperLoadsNothing: model.hasHelper = false
        case .probeIsPending: model.probeIsPending = true
        case .modeIs(let mode): model.mode = mode
        case .claimsAwaitMode: model.constants.claimsAwaitMode = true
        }
        return model
    }

    /// Without what names no state: how facts were decided, and why ranges are as they are.
    mutating func forgetReasons() {
        decisions = Decisions()
        assumptions = [:]
    }
}

/// The constants that the models of a machine share: a model is copied at every step, and what no step changes is not.
private struct SharedConstants: Sendable, Equatable {
    private final class Box: Sendable {
        let value: ModelConstants

        init(_ value: ModelConstants) { self.value = value }
    }

    private var box: Box

    init(_ value: ModelConstants) { box = Box(value) }

    /// The constants; a change makes some of its own. They are lent, not copied: they have dozens of members.
    var value: ModelConstants {
        _read { yield box.value }
        set { box = Box(newValue) }
    }

    static func == (left: Self, right: Self) -> Bool { left.box === right.box || left.box.value == right.box.value }
}

/// What a step did to a model.
struct StepOutcome: Sendable {
    var models: [KernelModel]
    /// The kernel refuses it: why, with the errno where there is one.
    var refusal: String?

    init(_ model: KernelModel, refusal: String? = nil) {
        models = [model]
        self.refusal = refusal
    }

    init(_ models: [KernelModel]) { self.models = models }
}

extension KernelModel {
    /// What `step` does to this model.
    func applying(_ step: Step) -> StepOutcome {
        switch step {
        case .load(let module) where constants.builtin.contains(module): return bindingDriver(of: module)
        case .unload(let module) where constants.builtin.contains(module): return unbindingDriver(of: module)
        case .load(let module): return loading(module)
        case .unload(let module): return unloading(module)
        case .offlineMemory(let range): return offlining(range)
        case .restoreUse(let range, let use): return restoring(use, over: range)
        case .unbindHmem(let range): return unbindingHmem(each: [range]).outcome
        case .bindHmem(let range): return bindingHmem(range)
        case .bindRegion(let range): return bindingRegions(each: [range]).outcome
        case .splitDevice(let range): return splitting(range)
        case .restoreRegion(let name, let range): return restoring(name, range)
        case .hold, .release:
            // What is part of the kernel image is loaded by nobody, and there is no one to keep from it.
            if constants.builtin.contains("cxl_acpi") && !isHeld { return StepOutcome(self) }
            var model = self
            model.isHeld = step == .hold
            if step == .release, constants.releaseRestoresHelper { model.hasHelper = true }
            return StepOutcome(model)
        }
    }
}
