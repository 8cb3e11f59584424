private import CKmod
private import LinuxSystem

/// Owns a `struct kmod_ctx`.
@safe
struct ContextHandle: ~Copyable {
    let pointer: OpaquePointer

    /// Takes over the caller's reference.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        _ = unsafe kmod_unref(pointer)
    }

    /// A module object for a name, whether there is such a module or not: `kmod_module_new_from_name()` never looks.
    func module(_ name: ModuleName) throws(KmodError) -> ModuleHandle {
        var module: OpaquePointer?
        let result = unsafe kmod_module_new_from_name(pointer, name.text, &module)
        guard result >= 0, let module = unsafe module else {
            throw KmodError(.failed, "libkmod has no object for \(name.text)", cause: ErrorNumber(-result))
        }
        return unsafe ModuleHandle(owning: module)
    }
}

/// Owns one reference to a `struct kmod_module`.
@safe
struct ModuleHandle: ~Copyable {
    let pointer: OpaquePointer

    /// Takes over the caller's reference.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        _ = unsafe kmod_module_unref(pointer)
    }

    /// What libkmod knows of the module, as a value that outlives the context.
    var value: KmodModule {
        KmodModule(
            name: unsafe String(cString: kmod_module_get_name(pointer)),
            path: unsafe kmod_module_get_path(pointer).map { unsafe String(cString: $0) },
            isBuiltin: isBuiltin,
            options: unsafe kmod_module_get_options(pointer).map { unsafe String(cString: $0) },
            installCommand: unsafe kmod_module_get_install_commands(pointer).map { unsafe String(cString: $0) }
        )
    }

    /// `modules.builtin.bin` has it. libkmod looks there before it looks into the host's `/sys`, so this one answer of
    /// `kmod_module_get_initstate()` holds for another machine's modules directory too.
    var isBuiltin: Bool {
        unsafe kmod_module_get_initstate(pointer) == Int32(KMOD_MODULE_BUILTIN.rawValue)
    }
}

/// Owns a `struct kmod_list` of modules.
@safe
struct ModuleListHandle: ~Copyable {
    private let first: OpaquePointer?

    /// Takes over the list; nil is the empty list.
    init(owning first: OpaquePointer?) {
        unsafe self.first = first
    }

    deinit {
        _ = unsafe kmod_module_unref_list(first)
    }

    /// Calls `body` with each module in turn, until it throws.
    func forEach(_ body: (borrowing ModuleHandle) throws(KmodError) -> Void) throws(KmodError) {
        var entry = unsafe first
        while let current = unsafe entry {
            // Adds a reference, which the handle then owns.
            if let module = unsafe kmod_module_get_module(current) {
                try body(unsafe ModuleHandle(owning: module))
            }
            unsafe entry = kmod_list_next(first, current)
        }
    }

    /// The modules as values.
    func values() throws(KmodError) -> [KmodModule] {
        var values: [KmodModule] = []
        try forEach { module throws(KmodError) in values.append(module.value) }
        return values
    }
}
