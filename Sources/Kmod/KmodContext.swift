internal import CKmod
private import Glibc
private import LinuxSystem

/// libkmod, set on one modules directory and one configuration, and the running kernel.
///
/// libkmod is not thread safe (its module objects cache answers without a lock), so a context has one owner and stays
/// where it was made. It reads the indexes once: make a new context after depmod ran.
///
/// Beyond its parameters libkmod always reads the host's `/proc/cmdline`, for `MODULE.OPTION=` and
/// `modprobe.blacklist=`, and the environment variable KMOD_LOG.
@safe
package struct KmodContext: ~Copyable {
    /// The modules directory, absolute.
    let modulesDirectory: String
    /// The modules directory has `modules.dep.bin`. Without it nothing but loaded modules is found.
    let hasIndex: Bool

    let handle: ContextHandle

    /// Opens a modules directory.
    /// - Parameters:
    ///   - modulesDirectory: the directory with `modules.dep.bin`; nil for the running kernel's below `/lib/modules`.
    ///   - configurationPaths: modprobe.d directories or files; empty for none; nil for libkmod's own
    ///     (`/etc/modprobe.d`, `/run/modprobe.d`, …), which are the host's. `modules.softdep` in the modules directory
    ///     is always read.
    /// - Throws: `.noLibrary`, `.corruptIndex`, `.unreadable`, `.failed`.
    package init(
        modulesDirectory: String? = nil,
        configurationPaths: [String]? = nil
    ) throws(KmodError) {
        let context = try Self.open(modulesDirectory, configurationPaths)
        // What libkmod writes to stderr the typed errors say already. The configuration has been read by now: of a bad
        // line there it has told.
        unsafe context.library.pointee.kmod_set_log_fn(context.pointer, nil, nil)

        let directory = unsafe text(context.library.pointee.kmod_get_dirname(context.pointer))
        hasIndex = try ModuleIndex.check(directory: directory)
        // Maps the files that were just found sound; left to itself libkmod opens them again for each look-up.
        // It fails where an index is missing, and then libkmod does that.
        _ = unsafe context.library.pointee.kmod_load_resources(context.pointer)

        self.modulesDirectory = directory
        handle = context
    }

    /// Opens libkmod in this process; the processes that it forks then have it. If it can't be opened, `init` says why.
    package static func openLibrary() {
        _ = unsafe try? openLibkmod()
    }

    private static func open(_ directory: String?, _ paths: [String]?) throws(KmodError) -> ContextHandle {
        let library = unsafe try openLibkmod()
        errno = 0
        var pointer: OpaquePointer?
        if let paths {
            var strings = unsafe paths.map { unsafe strdup($0) }
            defer { unsafe strings.forEach { unsafe free($0) } }
            // A null pointer instead of this list would mean the host's configuration; an empty list means none.
            unsafe strings.append(nil)
            let list = unsafe strings.map { unsafe UnsafePointer<CChar>($0) }
            unsafe pointer = list.withUnsafeBufferPointer { list in
                unsafe library.pointee.kmod_new(directory, list.baseAddress)
            }
        } else {
            unsafe pointer = library.pointee.kmod_new(directory, nil)
        }
        guard let pointer = unsafe pointer else {
            throw KmodError(.failed, "libkmod can't be set up", cause: errno == 0 ? nil : ErrorNumber(errno))
        }
        return unsafe ContextHandle(owning: pointer, library)
    }

    /// The version of the libkmod that this process runs with, in the name of the library's file, such as `2.5.1` of
    /// `libkmod.so.2.5.1`; nil if there is no libkmod or `/proc` does not tell. libkmod.h has no call that says it.
    package static var libraryVersion: String? {
        let name = "/libkmod.so."
        guard unsafe (try? openLibkmod()) != nil, let maps = try? File("/proc/self/maps", O_RDONLY).readAll(),
            let line = String(decoding: maps, as: UTF8.self).lines.first(where: { $0.contains(name) }),
            let path = line.fields().last,
            let file = unsafe realpath(String(path), nil)
        else { return nil }
        defer { unsafe free(file) }
        let last = unsafe String(cString: file).parts(at: "/").last.map { "/\($0)" } ?? ""
        return last.hasPrefix(name) ? String(last.dropFirst(name.count)) : nil
    }
}

/// libkmod's objects may only be used by one thread at a time.
@available(*, unavailable)
extension KmodContext: Sendable {}

extension KmodContext {
    /// The modules behind a name or an alias such as `acpi*:ACPI0017:*`, as modprobe finds them: aliases of the
    /// configuration first, then names, then aliases of the modules (`kmod_module_new_from_lookup()`).
    ///
    /// A module that only an `install` command stands for is found too; `alias NAME off` finds nothing.
    /// - Throws: `.notFound` (the list has always a module that exists or has a command), `.noIndex`, `.invalidName`.
    func lookup(_ nameOrAlias: String) throws(KmodError) -> ModuleListHandle {
        // PATH_MAX is libkmod's limit, for the alias and the module's name together.
        guard !nameOrAlias.isEmpty, nameOrAlias.utf8.count < 1024, !nameOrAlias.utf8.contains(0) else {
            throw KmodError(.invalidName, "\(nameOrAlias.debugDescription) can't be the name or alias of a module")
        }
        var list: OpaquePointer?
        let result = unsafe handle.library.pointee.kmod_module_new_from_lookup(handle.pointer, nameOrAlias, &list)
        let modules = unsafe ModuleListHandle(owning: list, handle.library)
        switch result {
        case 0...:
            var isFound = false
            modules.forEach { isFound = isFound || $0.exists || $0.hasCommand }
            guard isFound else { throw notFound(nameOrAlias) }
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

    /// The module of that name, dashes or underscores, if it has a file or is builtin; aliases don't count.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`.
    func existing(_ name: String) throws(KmodError) -> ModuleHandle {
        let name = try ModuleName(name)
        let module = try handle.module(name)
        if !module.exists { throw notFound(name.text) }
        return module
    }

    private func notFound(_ name: String) -> KmodError {
        if !hasIndex {
            return KmodError(
                .noIndex,
                "\(modulesDirectory) has no modules.dep.bin, so \(name) can't be found. Run depmod, which writes it"
            )
        }
        return KmodError(.notFound, "there is no module \(name) in \(modulesDirectory)")
    }
}
