private import CKmod
private import LinuxSystem

extension KmodContext {
    /// What modinfo(8) shows of `name`: the `.modinfo` section of its file, and who signed it; for a builtin module
    /// what `modules.builtin.modinfo` has.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`, `.unreadable`.
    package func information(of name: String) throws(KmodError) -> [ModuleField] {
        let module = try existing(name)
        var first: OpaquePointer?
        let result = unsafe kmod_module_get_info(module.pointer, &first)
        defer { unsafe kmod_module_info_free_list(first) }
        guard result >= 0 else { throw unreadable(name, result) }

        var fields: [ModuleField] = []
        unsafe forEachEntry(first) { entry in
            let key = unsafe text(kmod_module_info_get_key(entry))
            let value = unsafe text(kmod_module_info_get_value(entry))
            fields.append(ModuleField(key: key, value: value))
        }
        return fields
    }

    /// The symbols that the file of `name` takes from the kernel and from other modules.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`, `.unreadable`.
    package func dependencySymbols(of name: String) throws(KmodError) -> [ModuleSymbol] {
        let module = try existing(name)
        var first: OpaquePointer?
        let result = unsafe kmod_module_get_dependency_symbols(module.pointer, &first)
        defer { unsafe kmod_module_dependency_symbols_free_list(first) }
        guard result >= 0 else { throw unreadable(name, result) }

        var symbols: [ModuleSymbol] = []
        unsafe forEachEntry(first) { entry in
            let binding = unsafe kmod_module_dependency_symbol_get_bind(entry)
            symbols.append(
                ModuleSymbol(
                    name: unsafe text(kmod_module_dependency_symbol_get_symbol(entry)),
                    crc: unsafe kmod_module_dependency_symbol_get_crc(entry),
                    binding: UInt8(exactly: binding).flatMap { .init(rawValue: Character(Unicode.Scalar($0))) }
                )
            )
        }
        return symbols
    }

    /// The symbols that the file of `name` exports.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`, `.unreadable`.
    package func symbols(of name: String) throws(KmodError) -> [ModuleSymbol] {
        let module = try existing(name)
        var first: OpaquePointer?
        let result = unsafe kmod_module_get_symbols(module.pointer, &first)
        defer { unsafe kmod_module_symbols_free_list(first) }
        guard result >= 0 else { throw unreadable(name, result) }

        var symbols: [ModuleSymbol] = []
        unsafe forEachEntry(first) { entry in
            symbols.append(
                ModuleSymbol(
                    name: unsafe text(kmod_module_symbol_get_symbol(entry)),
                    crc: unsafe kmod_module_symbol_get_crc(entry),
                    binding: nil
                )
            )
        }
        return symbols
    }

    private func unreadable(_ name: String, _ result: Int32) -> KmodError {
        KmodError(.unreadable, "the file of \(name) can't be read", cause: ErrorNumber(-result))
    }
}

/// Walks a list that isn't one of modules.
@unsafe
private func forEachEntry(_ first: OpaquePointer?, _ body: (OpaquePointer) -> Void) {
    var entry = unsafe first
    while let current = unsafe entry {
        unsafe body(current)
        unsafe entry = kmod_list_next(first, current)
    }
}

@unsafe
private func text(_ string: UnsafePointer<CChar>?) -> String {
    unsafe string.map { unsafe String(cString: $0) } ?? ""
}
