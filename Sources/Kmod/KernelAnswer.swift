private import Glibc
internal import LinuxSystem

// What the numbers mean that finit_module(2) and delete_module(2) return, from kernel/module/main.c.

extension KmodError {
    /// The numbers that say "not now": no memory, interrupted, try again.
    static let passing: Set<Int32> = [EAGAIN, EINTR, ENOMEM, ETIMEDOUT]

    /// The kernel (or libkmod before it) refused to insert `name`.
    static func insertion(of name: String, errno number: Int32, modulesDisabled: Bool) -> KmodError {
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
                "\(name) needs a symbol that no loaded module has; the kernel log names it",
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

    /// The kernel refused to remove `name`, which stood as `found` when it did.
    static func removal(of name: String, errno number: Int32, found: ModuleReading, modulesDisabled: Bool) -> KmodError
    {
        let cause = ErrorNumber(number)
        switch number {
        case EPERM, EACCES:
            return notPermitted("remove", name, cause, modulesDisabled)
        case ENOSYS:
            return unsupported(cause)
        case ENOENT:
            return KmodError(.notLoaded, "\(name) is not loaded", cause: cause)
        case EAGAIN:
            // delete_module(): another module uses it (-EWOULDBLOCK), or its count is not 0 (try_stop_module()).
            let who = found.holders.isEmpty ? "" : " by \(found.holders.joined(separator: ", "))"
            return KmodError(
                .inUse(holders: found.holders, references: found.references),
                "\(name) is in use\(who)",
                cause: cause
            )
        case EBUSY where found.state == .live:
            // delete_module(): it has an init function and no exit function.
            return KmodError(.permanent, "\(name) has no exit function and stays until the next boot", cause: cause)
        case EBUSY:
            return KmodError(.busy, "\(name) is being loaded or removed", cause: cause)
        default:
            return KmodError(.failed, "\(name) can't be removed", cause: cause)
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
                "module loading is switched off until the next boot (kernel.modules_disabled)",
                cause: cause
            )
        }
        return KmodError(
            .notPermitted,
            "not permitted to \(verb) \(name): it takes CAP_SYS_MODULE, and a kernel that allows it",
            cause: cause
        )
    }

    private static func unsupported(_ cause: ErrorNumber) -> KmodError {
        KmodError(.unsupported, "the running kernel has no loadable modules", cause: cause)
    }
}
