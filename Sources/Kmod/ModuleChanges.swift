internal import CKmod
private import Glibc
private import LinuxSystem

extension KmodContext {
    /// Loads a module with the options of the configuration, after the modules that it can't do without: no softdeps,
    /// no `install` command, no blacklist (`kmod_module_insert_module()`). What is in already stays as it is.
    ///
    /// The kernel may still load others by itself, if the module asks it to (request_module()). When one fails, the
    /// ones before it stay loaded.
    /// - Parameter name: the module's name, not an alias.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`, `.notPermitted`, `.disabled`, `.unsupported`, `.rejected`,
    ///   `.busy`, `.unreadable`, `.failed`; the message names the module that failed.
    package func insertWithDependencies(_ name: String) throws(KmodError) {
        let module = try existing(name)
        // A live module holds what it needs, so the file need not be asked; the kernel would answer the same.
        if try module.state() == .live { return }
        try module.dependencies.forEach { dependency throws(KmodError) in try insert(dependency) }
        try insert(module)
    }

    private func insert(_ module: borrowing ModuleHandle) throws(KmodError) {
        switch try module.state() {
        case .live, .builtin: return
        // The kernel makes a second insertion wait for the first one's end.
        case .coming, .going, .absent: break
        }
        guard let path = module.path, unsafe access(path, R_OK) == 0 else {
            // Else ENOENT would look like the kernel's answer for a missing symbol.
            throw KmodError(.notFound, "the file of \(module.name) is missing", cause: ErrorNumber(errno))
        }
        let result = unsafe module.library.pointee.kmod_module_insert_module(module.pointer, 0, module.options ?? "")
        if result < 0 && result != -EEXIST { throw .insertion(of: module.name, errno: -result) }
    }

    /// Loads what modprobe(8) would load for a name or alias: dependencies, softdeps, options, blacklist (which counts
    /// for aliases only) and `install` commands of the configuration, with libkmod's rules for them
    /// (`kmod_module_probe_insert_module()`); one of those rules is that a module with softdeps has no command.
    ///
    /// A command is never run. If one stands for a module that can't be left out, nothing is loaded; in place of a
    /// softdep it is passed over, as modprobe passes over a softdep that fails.
    /// - Throws: `.installCommand` with the command, and as `insertWithDependencies(_:)`. Dependencies and softdeps that
    ///   were loaded before a failure stay loaded.
    package func probe(_ nameOrAlias: String) throws(KmodError) {
        let modules = try lookup(nameOrAlias)
        try modules.forEach { module throws(KmodError) in
            let required = [module.name] + module.dependencies.names
            // Before anything is loaded.
            for command in commands(for: module, includingLoaded: false) where required.contains(command.module) {
                throw .command(command)
            }
        }
        try modules.forEach { module throws(KmodError) in try probe(module) }
    }

    private func probe(_ module: borrowing ModuleHandle) throws(KmodError) {
        switch try module.state() {
        case .live, .builtin: return
        case .coming, .going, .absent: break
        }
        let refusal = unsafe CommandRefusal(module.library)
        let result = unsafe module.library.pointee.kmod_module_probe_insert_module(
            module.pointer,
            KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY.rawValue,
            nil,
            CommandRefusal.runInstall,
            Unmanaged.passUnretained(refusal).toOpaque(),
            nil
        )
        switch result {
        // Above 0 it is blacklisted, which modprobe takes for success.
        case 0..., -EEXIST: return
        case -ECANCELED where refusal.last != nil:
            throw .command(refusal.last ?? InstallCommand(module: module.name, command: ""))
        default:
            // The number may be a dependency's: libkmod doesn't say whose.
            let hasDependencies = !module.dependencies.names.isEmpty
            throw .insertion(
                of: hasDependencies ? "\(module.name), or a module that it needs," : module.name,
                errno: -result
            )
        }
    }

    /// Removes exactly one module and none of those that it used; never waits, never forces
    /// (`kmod_module_remove_module()`, delete_module(2) with O_NONBLOCK). `remove` commands of the configuration don't
    /// count.
    /// - Throws: `.inUse` with the modules that hold it, `.busy`, `.permanent`, `.notLoaded`, `.builtin`,
    ///   `.notPermitted`, `.disabled`, `.unsupported`, `.invalidName`, `.unreadable`, `.failed`.
    ///   The module is still there then, or wasn't before.
    package func remove(_ name: String) throws(KmodError) {
        // Not the look-up of a file: what is loaded can be removed without one.
        let module = try handle.module(ModuleName(name))
        switch try module.state() {
        case .builtin:
            throw .builtin(module.name)
        case .absent:
            // The kernel says so only to those who are permitted to remove modules.
            throw KmodError(.notLoaded, "\(module.name) is not loaded")
        case .live, .coming, .going:
            break
        }
        let result = unsafe module.library.pointee.kmod_module_remove_module(module.pointer, KMOD_REMOVE_NOLOG.rawValue)
        if result < 0 {
            throw .removal(of: module.name, errno: -result, state: try module.state(), holders: module.holders)
        }
    }
}

/// Stands where libkmod would call system(3) otherwise.
@safe
private final class CommandRefusal {
    /// The command that was refused last.
    private(set) var last: InstallCommand?
    private let library: UnsafePointer<libkmod>

    init(_ library: UnsafePointer<libkmod>) {
        unsafe self.library = library
    }

    static let runInstall: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, UnsafeMutableRawPointer?) -> Int32 = {
        guard let module = unsafe $0, let command = unsafe $1, let data = unsafe $2 else { return -ECANCELED }
        let refusal = unsafe Unmanaged<CommandRefusal>.fromOpaque(data).takeUnretainedValue()
        refusal.last = InstallCommand(
            module: unsafe text(refusal.library.pointee.kmod_module_get_name(module)),
            command: unsafe String(cString: command)
        )
        return -ECANCELED
    }
}
