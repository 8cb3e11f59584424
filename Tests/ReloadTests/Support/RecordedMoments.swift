import Inspection
import Machine
import Ownership
import TestCaptures
import Testing

/// Moments of one recorded machine, by which of the three modules are in.
struct RecordedMoments: Sendable {
    private static let switched: Set<String> = ["cxl_acpi", "dax_hmem", "dax_cxl"]
    private let states: [Set<String>: MachineState]
    /// The directories that these were read from.
    private let roots: [Set<String>: String]

    /// None: no step changes a module.
    init() { (states, roots) = ([:], [:]) }

    /// The moments with these names; of two with the same modules the later one counts.
    ///
    /// - Parameter change: Made to each.
    init(
        kernel: String,
        scenario: String,
        _ names: [String],
        _ change: (MachineState) -> MachineState = { $0 }
    ) throws {
        var states: [Set<String>: MachineState] = [:]
        var roots: [Set<String>: String] = [:]
        for name in names {
            let root = try TestCaptures.root(kernel: kernel, scenario: scenario, name)
            let state = change(try Inspector(root: root.path).read())
            states[Self.modules(of: state)] = state
            roots[Self.modules(of: state)] = root.path
        }
        (self.states, self.roots) = (states, roots)
    }

    /// The moment with these modules in.
    func state(with modules: Set<String>) throws -> MachineState { try #require(states[modules]) }

    /// The files of the moment with the modules of `state`.
    func root(of state: MachineState) -> String? { roots[Self.modules(of: state)] }

    /// What `step` leads to; nil where it changes no module.
    func next(_ step: Step, on state: MachineState, kept: RememberedFacts?) -> MachineState? {
        var modules = Self.modules(of: state)
        switch step {
        case .load(let module) where Self.switched.contains(module):
            modules.insert(module)
            // 7.1 on dax_cxl depends on dax_hmem; dax_hmem loads cxl_acpi by request_module() or its softdep.
            if module == "dax_cxl" && state.kernel.generation.value == .coordinated { modules.insert("dax_hmem") }
            let isAsked = !state.isHeld && !state.modules.builtin.contains("cxl_acpi")
            if modules.contains("dax_hmem") && module != "cxl_acpi" && isAsked { modules.insert("cxl_acpi") }
        case .unload(let module): modules.remove(module)
        default: return nil
        }
        guard !states.isEmpty, modules != Self.modules(of: state) else { return nil }
        guard var next = states[modules] else {
            Issue.record("\(modules.sorted()) was not recorded, after \(step)")
            return nil
        }
        // The reader finds what was kept.
        next.remembered = next.seesDecoders ? nil : kept?.decoders
        if let probe = kept?.initialProbe { next.initialProbe.value = probe }
        return next
    }

    private static func modules(of state: MachineState) -> Set<String> {
        switched.filter { state.modules.loaded[$0] != nil || state.modules.state(of: $0) == .builtin }
    }
}
