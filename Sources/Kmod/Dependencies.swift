private import CKmod
private import LinuxSystem

extension KmodContext {
    /// The modules that `name` can't do without, all of them, in the order in which they must be inserted: what
    /// `modules.dep` lists, from right to left (`kmod_module_get_dependencies()`).
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`.
    package func dependencies(of name: String) throws(KmodError) -> [KmodModule] {
        try dependencyHandles(of: existing(name)).values()
    }

    /// What the first `softdep` line for `name` gives, of the configuration's files and `modules.softdep` sorted by
    /// file name (`kmod_config_new()`); names that lead to no module are left out.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`, `.failed`.
    package func softDependencies(of name: String) throws(KmodError) -> SoftDependencies {
        let module = try existing(name)
        var first: OpaquePointer?
        var second: OpaquePointer?
        let result = unsafe kmod_module_get_softdeps(module.pointer, &first, &second)
        let pre = unsafe ModuleListHandle(owning: first)
        let post = unsafe ModuleListHandle(owning: second)
        guard result >= 0 else {
            throw KmodError(.failed, "the softdeps of \(name) can't be read", cause: ErrorNumber(-result))
        }
        return SoftDependencies(pre: try pre.values(), post: try post.values())
    }

    func dependencyHandles(of module: borrowing ModuleHandle) -> ModuleListHandle {
        unsafe ModuleListHandle(owning: kmod_module_get_dependencies(module.pointer))
    }
}
