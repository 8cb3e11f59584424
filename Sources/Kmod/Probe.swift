private import CKmod
private import Glibc

/// What one look-up that modprobe would do has brought about.
package struct ProbeResult: Sendable, Equatable {
    /// The modules that were asked for, and what became of each: several where an alias stands for several.
    package let modules: [ProbedModule]
    /// Commands that modprobe would have run for softdeps. They were refused, which modprobe takes as it takes any
    /// softdep that fails: it goes on.
    package let refused: [InstallCommand]

    /// What became of the modules, and the commands not run.
    package init(modules: [ProbedModule], refused: [InstallCommand]) {
        self.modules = modules
        self.refused = refused
    }
}

/// What became of one module that was probed.
package struct ProbedModule: Sendable, Equatable {
    /// What became of it.
    package enum Outcome: String, Sendable {
        /// It was loaded by this call.
        case inserted
        /// It was there before.
        case alreadyLoaded
        /// It is part of the kernel image.
        case builtin
        /// It was found by an alias and is blacklisted: modprobe passes it over and ends with 0.
        case blacklisted
    }

    /// The module's name.
    package let name: String
    /// What became of it.
    package let outcome: Outcome

    /// A module and what became of it.
    package init(name: String, outcome: Outcome) {
        self.name = name
        self.outcome = outcome
    }
}

/// A command that modprobe's configuration puts in place of a module.
package struct InstallCommand: Sendable, Equatable {
    /// The module's name.
    package let module: String
    /// The command, for a shell.
    package let command: String

    /// A module and the command in its place.
    package init(module: String, command: String) {
        self.module = module
        self.command = command
    }
}

extension KmodContext {
    /// Loads what modprobe(8) would load for a name or alias: dependencies, softdeps, options, blacklist (which counts
    /// for aliases only) and `install` commands of the configuration, with libkmod's rules for them
    /// (`kmod_module_probe_insert_module()`); one of those rules is that a module with softdeps has no command.
    ///
    /// A command is never run. If one stands for a module that can't be left out, nothing is loaded.
    /// - Throws: `.installCommand` with the command, and as `insertOne(_:options:)`. Dependencies and softdeps that
    ///   were loaded before a failure stay loaded.
    package func probe(_ nameOrAlias: String) throws(KmodError) -> ProbeResult {
        try requireThisMachine()
        // For the error where there is none: the list below may have objects without a module behind them.
        _ = try lookup(nameOrAlias)
        let modules = try lookupHandles(nameOrAlias)
        try modules.forEach { module throws(KmodError) in
            try rejectCommands(for: module)
        }
        let refusal = CommandRefusal()
        var probed: [ProbedModule] = []
        try modules.forEach { module throws(KmodError) in
            probed.append(try probe(module, refusal))
        }
        return ProbeResult(modules: probed, refused: refusal.commands)
    }

    private func probe(
        _ module: borrowing ModuleHandle,
        _ refusal: CommandRefusal
    ) throws(KmodError) -> ProbedModule {
        let name = module.value.name
        switch try state(of: name) {
        case .live: return ProbedModule(name: name, outcome: .alreadyLoaded)
        case .builtin: return ProbedModule(name: name, outcome: .builtin)
        case .coming, .going, .absent: break
        }
        let result = unsafe kmod_module_probe_insert_module(
            module.pointer,
            KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY.rawValue,
            nil,
            CommandRefusal.runInstall,
            Unmanaged.passUnretained(refusal).toOpaque(),
            nil
        )
        switch result {
        case 0: return ProbedModule(name: name, outcome: .inserted)
        case 1...: return ProbedModule(name: name, outcome: .blacklisted)
        case -EEXIST: return ProbedModule(name: name, outcome: .alreadyLoaded)
        case -ECANCELED where !refusal.commands.isEmpty:
            throw refusal.error(for: name)
        default:
            // The number may be a dependency's: libkmod doesn't say whose.
            let hasDependencies = try !dependencyHandles(of: module).values().isEmpty
            throw try .insertion(
                of: hasDependencies ? "\(name), or a module that it needs," : name,
                errno: -result,
                modulesDisabled: reader.modulesDisabled()
            )
        }
    }

    /// Throws for a command that stands in for the module itself or for one that it can't do without, before anything
    /// is loaded.
    private func rejectCommands(for module: borrowing ModuleHandle) throws(KmodError) {
        let required = try [module.value.name] + dependencyHandles(of: module).values().map(\.name)
        for step in steps(of: module, includingLoaded: false) {
            guard case .command(let command) = step, required.contains(command.module) else { continue }
            throw .command(command)
        }
    }
}

/// Stands where libkmod would call system(3) otherwise.
private final class CommandRefusal {
    private(set) var commands: [InstallCommand] = []

    static let runInstall: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, UnsafeMutableRawPointer?) -> Int32 = {
        guard let module = unsafe $0, let command = unsafe $1, let data = unsafe $2 else { return -ECANCELED }
        let refusal = unsafe Unmanaged<CommandRefusal>.fromOpaque(data).takeUnretainedValue()
        refusal.commands.append(
            InstallCommand(
                module: unsafe String(cString: kmod_module_get_name(module)),
                command: unsafe String(cString: command)
            )
        )
        return -ECANCELED
    }

    func error(for name: String) -> KmodError {
        .command(commands.last ?? InstallCommand(module: name, command: ""))
    }
}

extension KmodError {
    /// A command in place of a module.
    static func command(_ command: InstallCommand) -> KmodError {
        KmodError(
            .installCommand(command.command),
            "modprobe's configuration puts a command in place of \(command.module), which is not run: "
                + command.command
        )
    }
}
