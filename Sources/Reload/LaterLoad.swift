import Machine
import Ownership

/// A module that a run may have to load.
public struct LaterLoad: Hashable, Sendable {
    /// The module.
    public let module: String
    /// A hold is in place by then.
    public let isHeld: Bool
    /// The hold that is in place now is gone by then.
    public let isReleased: Bool
}

/// All that a run may have to load, on its way and on the way back.
struct LaterLoads {
    /// What is out now or will be.
    let loads: [LaterLoad]
    /// The modules that the steps remove.
    let removed: Set<String>

    /// What `steps` load on `machine`, and then what was in by `original` and would have to be loaded again.
    init(_ steps: [Step], on machine: MachineState, original: Arrangement) {
        let removed = Set(steps.compactMap { step in if case .unload(let module) = step { module } else { nil } })
        var loads: [LaterLoad] = []
        func add(_ module: String, isHeld: Bool) {
            let standing = machine.modules.state(of: module)
            guard removed.contains(module) || standing != .live && standing != .builtin else { return }
            let load = LaterLoad(module: module, isHeld: isHeld, isReleased: machine.isHeld && !isHeld)
            if !loads.contains(load) { loads.append(load) }
        }
        var isHeld = machine.isHeld
        for step in steps {
            switch step {
            case .hold: isHeld = true
            case .release: isHeld = false
            case .load(let module): add(module, isHeld: isHeld)
            case .restoreUse(_, .systemRAM): add("kmem", isHeld: isHeld)
            case .restoreUse(_, .devdax): add("device_dax", isHeld: isHeld)
            case .restoreUse(_, .idle), .unload, .offlineMemory: break
            }
        }
        for module in original.modules.keys.sorted() where original.modules[module] == [.live] {
            add(module, isHeld: original.isHeld)
        }
        self.loads = loads
        self.removed = removed
    }
}

extension ModuleControl {
    /// - Throws: `ReloadError` `.notLoadable` for the first that could not be done.
    func check(_ later: LaterLoads) throws(ReloadError) {
        for load in later.loads { try checkLoadable(load, without: later.removed) }
    }
}
