import Machine
import Ownership

/// A module that a run may have to load.
package struct PendingLoad: Hashable, Sendable {
    /// The module.
    package let module: String
    /// A hold is in place by then.
    package let isHeld: Bool
    /// The hold that is in place now is gone by then.
    package let isReleased: Bool
}

/// All that a run may have to load, on its way and on the way back.
struct PendingLoads {
    /// What is not loaded now, or will be unloaded.
    let loads: [PendingLoad]
    /// The modules that are in now and that the steps don't remove.
    let staying: Set<String>

    /// What `steps` load on `machine`, and then what was in by `original` and would have to be loaded again.
    init(_ steps: [Step], on machine: MachineState, original: OwnershipGoal) {
        let unloaded = steps.compactMap { step in if case .unload(let module) = step { module } else { nil } }
        // On the way back to dax_hmem dax_cxl has to let go of the range.
        let isHandOver = steps.contains { $0.verb == .unbindHmem }
        let removed = Set(unloaded + (isHandOver && machine.modules.state(of: "dax_cxl") == .live ? ["dax_cxl"] : []))
        var loads: [PendingLoad] = []
        // Half a hold may have the command that stands in cxl_acpi's place as well.
        let mayBeHeld = machine.isHeld || machine.holdGap != nil
        func add(_ module: String, isHeld: Bool) {
            let isBuiltIn = machine.modules.builtin.contains(module)
            guard !isBuiltIn, removed.contains(module) || machine.modules.state(of: module) != .live else { return }
            let load = PendingLoad(module: module, isHeld: isHeld, isReleased: mayBeHeld && !isHeld)
            if !loads.contains(load) { loads.append(load) }
        }
        var isHeld = machine.isHeld
        for step in steps {
            switch step {
            case .hold: isHeld = true
            case .release: isHeld = false
            case .load(let module): add(module, isHeld: isHeld)
            case .restoreUse(_, let use): if let driver = use.driver { add(driver, isHeld: isHeld) }
            case .unload, .offlineMemory, .unbindHmem, .bindHmem, .bindRegion,
                .splitDevice, .restoreRegion:
                break
            }
        }
        for module in original.modules.keys.sorted() where original.modules[module] == [.live] {
            add(module, isHeld: original.isHeld)
        }
        self.loads = loads
        staying = Set(machine.modules.loaded.filter(\.value.isLive).keys).subtracting(removed)
    }
}

extension ModuleControl {
    /// - Throws: `ReloadError` `.notLoadable` for the first that could not be done.
    func check(_ later: PendingLoads) throws(ReloadError) {
        if !later.loads.isEmpty { try checkLoadable(later.loads, besides: later.staying) }
    }
}
