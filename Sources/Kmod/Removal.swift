private import CKmod

extension KmodContext {
    /// Removes exactly one module and none of those that it used; never waits, never forces
    /// (`kmod_module_remove_module()`, delete_module(2) with O_NONBLOCK). `remove` commands of the configuration don't
    /// count.
    /// - Throws: `.inUse` with the modules that hold it, `.busy`, `.permanent`, `.notLoaded`, `.builtin`,
    ///   `.notPermitted`, `.disabled`, `.unsupported`, `.recordedRoot`, `.invalidName`, `.unreadable`, `.failed`.
    ///   The module is still there then, or wasn't before.
    package func remove(_ name: String) throws(KmodError) {
        try requireThisMachine()
        let name = try ModuleName(name)
        switch try state(of: name.text) {
        case .builtin:
            throw KmodError(.builtin, "\(name.text) is part of the kernel image and can't be removed")
        case .absent:
            // The kernel says so only to those who are permitted to remove modules.
            throw KmodError(.notLoaded, "\(name.text) is not loaded")
        case .live, .coming, .going:
            break
        }
        // Not the look-up of a file: what is loaded can be removed without one.
        let module = try handle.module(name)
        let result = unsafe kmod_module_remove_module(module.pointer, KMOD_REMOVE_NOLOG.rawValue)
        guard result < 0 else { return }
        throw try .removal(
            of: name.text,
            errno: -result,
            found: reader.reading(of: name.text),
            modulesDisabled: reader.modulesDisabled()
        )
    }
}
