private import Glibc
package import LinuxSystem

/// Why something about a module didn't work.
package struct KmodError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure, for programs.
    package enum Code: Sendable, Equatable {
        /// No module of that name or alias in the modules directory.
        case notFound
        /// The string can't be the name of a module or an alias.
        case invalidName
        /// The modules directory has no `modules.dep.bin`: depmod never ran on it, or it isn't a modules directory.
        case noIndex
        /// An index that depmod wrote is damaged; libkmod 30 would crash on it. The path of the file.
        case corruptIndex(String)
        /// A file below `/proc` or `/sys`, or a module's file, can't be read or understood.
        case unreadable
        /// Part of the kernel image: neither inserted nor removed.
        case builtin
        /// Not loaded, so it can't be removed.
        case notLoaded
        /// Other modules, by name, or the kernel hold it.
        case inUse(holders: [String])
        /// The kernel is still loading or removing it, or a module that it needs.
        case busy
        /// Loaded, and it has no exit function: it stays until the next boot.
        case permanent
        /// A modprobe.d `install` command stands in for the module. Commands are never run; this is its text.
        case installCommand(String)
        /// The caller lacks CAP_SYS_MODULE, or lockdown or `module_blacklist=` forbids the module.
        case notPermitted
        /// `/proc/sys/kernel/modules_disabled` is 1: nothing is loaded or removed until the next boot.
        case disabled
        /// libkmod itself can't be opened.
        case noLibrary
        /// The running kernel was built without loadable modules.
        case unsupported
        /// The kernel doesn't take the file: wrong format, wrong kernel, unknown symbol, bad signature.
        case rejected
        /// Anything else; `cause` has the number.
        case failed
    }

    /// The kind of failure.
    package let code: Code
    /// One sentence for a person, with the module's name or the file in it.
    package let message: String
    /// What the kernel or libkmod said; nil where the failure was found before either was asked.
    package let cause: ErrorNumber?

    /// A failure of one kind, with the sentence that tells it.
    package init(_ code: Code, _ message: String, cause: ErrorNumber? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The sentence, and the cause where there is one.
    package var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}

// What the numbers mean that finit_module(2) and delete_module(2) return, from kernel/module/main.c.

extension KmodError {
    /// The kernel (or libkmod before it) refused to insert `name`.
    static func insertion(of name: String, errno number: Int32, modulesDisabled: Bool = modulesDisabled()) -> KmodError
    {
        let cause = ErrorNumber(number)
        switch number {
        case EPERM, EACCES:
            return notPermitted("load", name, cause, modulesDisabled)
        case ENOSYS:
            return unsupported(cause)
        case EBUSY:
            // resolve_symbol_wait(): a module that exports a needed symbol is still being initialised.
            return KmodError(
                .busy,
                "\(name) can't be loaded while a module that it needs is being loaded",
                cause: cause
            )
        case ENOENT:
            // simplify_symbols(): the names are in the kernel log.
            return KmodError(
                .rejected,
                "\(name) needs a symbol that no loaded module has. The kernel log names it",
                cause: cause
            )
        case ENOEXEC, ELIBBAD:
            return KmodError(.rejected, "\(name) is not a module for the running kernel", cause: cause)
        case EKEYREJECTED, ENOKEY, EKEYEXPIRED, EKEYREVOKED, EBADMSG:
            return KmodError(.rejected, "the kernel doesn't accept the signature of \(name)", cause: cause)
        default:
            return KmodError(.failed, "\(name) can't be loaded", cause: cause)
        }
    }

    /// The kernel refused to remove `name`, which then was in `state` and used by `holders`.
    static func removal(
        of name: String,
        errno number: Int32,
        state: ModuleState,
        holders: [String],
        modulesDisabled: Bool = modulesDisabled()
    ) -> KmodError {
        let cause = ErrorNumber(number)
        switch number {
        case EPERM, EACCES:
            return notPermitted("remove", name, cause, modulesDisabled)
        case ENOSYS:
            return unsupported(cause)
        case ENOENT where state == .coming:
            // It has a directory in /sys/module, and the kernel's list of loaded modules has it not.
            return .builtin(name)
        case ENOENT:
            return KmodError(.notLoaded, "\(name) is not loaded", cause: cause)
        case EAGAIN:
            // delete_module(): another module uses it (-EWOULDBLOCK), or its count is not 0 (try_stop_module()).
            let who = holders.isEmpty ? "" : " by \(holders.joined(separator: ", "))"
            return KmodError(.inUse(holders: holders), "\(name) is in use\(who)", cause: cause)
        case EBUSY where state == .live:
            // delete_module(): it has an init function and no exit function.
            return KmodError(
                .permanent,
                "\(name) can't be unloaded until a reboot (it has no exit function)",
                cause: cause
            )
        case EBUSY:
            return KmodError(.busy, "\(name) is being loaded or removed", cause: cause)
        default:
            return KmodError(.failed, "\(name) can't be unloaded", cause: cause)
        }
    }

    private static func notPermitted(
        _ verb: String,
        _ name: String,
        _ cause: ErrorNumber,
        _ modulesDisabled: Bool
    ) -> KmodError {
        if modulesDisabled {
            return KmodError(
                .disabled,
                "module loading is disabled until the next boot (kernel.modules_disabled)",
                cause: cause
            )
        }
        return KmodError(
            .notPermitted,
            "not permitted to \(verb) \(name): that needs CAP_SYS_MODULE, and a kernel that allows it",
            cause: cause
        )
    }

    /// `kernel.modules_disabled` is set. It only ever goes from 0 to 1.
    static func modulesDisabled() -> Bool {
        let value = try? File("/proc/sys/kernel/modules_disabled", O_RDONLY).readPart()
        return value?.first == UInt8(ascii: "1")
    }

    private static func unsupported(_ cause: ErrorNumber) -> KmodError {
        KmodError(.unsupported, "the running kernel has no loadable modules", cause: cause)
    }
}

extension KmodError {
    /// A module of the kernel image.
    static func builtin(_ name: String) -> KmodError {
        KmodError(.builtin, "\(name) is built into the kernel and can't be unloaded")
    }

    /// A command in place of a module.
    static func command(_ command: InstallCommand) -> KmodError {
        KmodError(
            .installCommand(command.command),
            "modprobe's configuration replaces \(command.module) by a command, which daxswitch does not run: "
                + command.command
        )
    }
}
