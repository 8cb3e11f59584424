private import CKmod
private import Glibc
private import LinuxSystem

/// What became of one module that was to be loaded.
package enum InsertionOutcome: String, Sendable {
    /// It was loaded by this call.
    case inserted
    /// It was there before, or somebody else loaded it meanwhile.
    case alreadyLoaded
    /// It is part of the kernel image.
    case builtin
}

/// What became of a module and of the modules that it needs.
package struct InsertionResult: Sendable, Equatable {
    /// What became of the module itself.
    package let outcome: InsertionOutcome
    /// The modules that this call loaded, in order, the module itself among them.
    package let inserted: [String]

    /// What became of the module, and the modules loaded for it.
    package init(outcome: InsertionOutcome, inserted: [String]) {
        self.outcome = outcome
        self.inserted = inserted
    }
}

extension KmodContext {
    /// Loads exactly one module with the options of the configuration: no dependencies, no softdeps, no `install`
    /// command, no blacklist (`kmod_module_insert_module()`).
    ///
    /// The kernel may still load others by itself, if the module asks it to (request_module()).
    /// - Parameters:
    ///   - name: the module's name, not an alias.
    ///   - options: module options to follow those of the configuration.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`, `.notPermitted`, `.disabled`, `.unsupported`, `.rejected`,
    ///   `.busy`, `.recordedRoot`, `.unreadable`, `.failed`. Nothing was loaded then.
    package func insertOne(_ name: String, options: String? = nil) throws(KmodError) -> InsertionOutcome {
        try requireThisMachine()
        return try insert(existing(name), options)
    }

    /// Loads a module after the modules that it can't do without, each as `insertOne(_:options:)` does.
    ///
    /// When one of them fails, the ones before it stay loaded; `state(of:)` tells which those are.
    /// - Parameters:
    ///   - name: the module's name, not an alias.
    ///   - options: module options to follow those of the configuration, for this module only.
    /// - Throws: as `insertOne(_:options:)`; the message names the module that failed.
    package func insertWithDependencies(
        _ name: String,
        options: String? = nil
    ) throws(KmodError) -> InsertionResult {
        try requireThisMachine()
        let module = try existing(name)
        var inserted: [String] = []
        // A live module holds what it needs, so the file need not be asked; the kernel would answer the same.
        if try state(of: name) != .live {
            try dependencyHandles(of: module).forEach { dependency throws(KmodError) in
                if try insert(dependency, nil) == .inserted { inserted.append(dependency.value.name) }
            }
        }
        let outcome = try insert(module, options)
        if outcome == .inserted { inserted.append(module.value.name) }
        return InsertionResult(outcome: outcome, inserted: inserted)
    }

    /// What `insertWithDependencies(_:options:)` would load, in that order; empty if the module is there.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`, `.unreadable`.
    package func insertionOrder(of name: String) throws(KmodError) -> [String] {
        let module = try existing(name).value
        guard try isMissing(module.name) else { return [] }
        var order: [String] = []
        for dependency in try dependencies(of: name) where try isMissing(dependency.name) {
            order.append(dependency.name)
        }
        return order + [module.name]
    }

    func isMissing(_ name: String) throws(KmodError) -> Bool {
        switch try state(of: name) {
        case .live, .builtin: false
        // The kernel makes a second insertion wait for the first one's end.
        case .coming, .going, .absent: true
        }
    }

    private func insert(_ module: borrowing ModuleHandle, _ extra: String?) throws(KmodError) -> InsertionOutcome {
        let value = module.value
        switch try state(of: value.name) {
        case .live: return .alreadyLoaded
        case .builtin: return .builtin
        case .coming, .going, .absent: break
        }
        guard let path = value.path, unsafe access(path, R_OK) == 0 else {
            // Else ENOENT would look like the kernel's answer for a missing symbol.
            throw KmodError(.notFound, "the file of \(value.name) is not there", cause: ErrorNumber(errno))
        }
        let options = [value.options, extra].compactMap { $0 }.joined(separator: " ")
        let result = unsafe kmod_module_insert_module(module.pointer, 0, options)
        switch result {
        case 0...: return .inserted
        case -EEXIST: return .alreadyLoaded
        default:
            throw try .insertion(of: value.name, errno: -result, modulesDisabled: reader.modulesDisabled())
        }
    }
}
