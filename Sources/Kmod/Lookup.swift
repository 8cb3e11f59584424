private import CKmod
private import Glibc
private import LinuxSystem

extension KmodContext {
    /// The modules behind a name or an alias such as `acpi*:ACPI0017:*`, as modprobe finds them: aliases of the
    /// configuration first, then names, then aliases of the modules (`kmod_module_new_from_lookup()`).
    ///
    /// A module that only an `install` command stands for is found too; `alias NAME off` finds nothing.
    /// - Throws: `.notFound` (never an empty array), `.noIndex`, `.invalidName`.
    package func lookup(_ nameOrAlias: String) throws(KmodError) -> [KmodModule] {
        let found = try lookupHandles(nameOrAlias).values().filter { $0.exists || $0.installCommand != nil }
        if found.isEmpty { throw notFound(nameOrAlias) }
        return found
    }

    /// The module of that name, dashes or underscores; aliases don't count.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`.
    package func module(named name: String) throws(KmodError) -> KmodModule {
        try existing(name).value
    }

    /// `modules.builtin` has it, or it is in `/sys/module` without being loaded.
    /// - Throws: `.invalidName`, `.unreadable`.
    package func isBuiltin(_ name: String) throws(KmodError) -> Bool {
        try state(of: name) == .builtin
    }

    func lookupHandles(_ nameOrAlias: String) throws(KmodError) -> ModuleListHandle {
        // PATH_MAX is libkmod's limit, for the alias and the module's name together.
        guard !nameOrAlias.isEmpty, nameOrAlias.utf8.count < 1024, !nameOrAlias.utf8.contains(0) else {
            throw KmodError(.invalidName, "\(nameOrAlias.debugDescription) can't be the name or alias of a module")
        }
        var list: OpaquePointer?
        let result = unsafe kmod_module_new_from_lookup(handle.pointer, nameOrAlias, &list)
        let modules = unsafe ModuleListHandle(owning: list)
        switch result {
        case 0...:
            return modules
        case -ENOSYS, -ENOENT:
            // An index that isn't there; which one follows from hasIndex.
            throw notFound(nameOrAlias)
        case -EINVAL:
            throw KmodError(
                .invalidName,
                "\(nameOrAlias.debugDescription) can't be the name or alias of a module",
                cause: ErrorNumber(-result)
            )
        default:
            throw KmodError(.failed, "\(nameOrAlias) can't be looked up", cause: ErrorNumber(-result))
        }
    }

    /// The object of a module that has a file or is builtin.
    func existing(_ name: String) throws(KmodError) -> ModuleHandle {
        let name = try ModuleName(name)
        let module = try handle.module(name)
        if unsafe kmod_module_get_path(module.pointer) == nil, !module.isBuiltin { throw notFound(name.text) }
        return module
    }

    private func notFound(_ name: String) -> KmodError {
        if !hasIndex {
            return KmodError(
                .noIndex,
                "\(modulesDirectory) has no modules.dep.bin, so \(name) can't be found; depmod writes it"
            )
        }
        return KmodError(.notFound, "there is no module \(name) in \(modulesDirectory)")
    }
}
