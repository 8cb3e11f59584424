extension KmodContext {
    /// How `name` stands; a builtin module without parameters isn't in `/sys/module`, so `modules.builtin` counts too.
    /// - Throws: `.invalidName`, `.unreadable`.
    package func state(of name: String) throws(KmodError) -> ModuleState {
        let state = try reader.state(of: name)
        guard state == .absent else { return state }
        return try handle.module(ModuleName(name)).isBuiltin ? .builtin : .absent
    }

    /// The reference count of `name`; nil where it is not loaded or the kernel keeps no count.
    /// - Throws: `.invalidName`, `.unreadable`.
    package func referenceCount(of name: String) throws(KmodError) -> Int? {
        try reader.referenceCount(of: name)
    }

    /// The loaded modules that use `name`, sorted.
    /// - Throws: `.invalidName`, `.unreadable`.
    package func holders(of name: String) throws(KmodError) -> [String] {
        try reader.holders(of: name)
    }

    /// The loaded modules, newest first.
    /// - Throws: `.unreadable`.
    package func loadedModules() throws(KmodError) -> [LoadedModuleLine] {
        try reader.loadedModules()
    }

    /// Every change starts here: a recorded machine is only ever read.
    func requireThisMachine() throws(KmodError) {
        if !reader.isThisMachine {
            throw KmodError(.recordedRoot, "module states come from \(reader.root), where nothing is ever changed")
        }
    }
}
