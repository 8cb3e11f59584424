internal import CKmod
private import Glibc
private import LinuxSystem
private import Machine

/// A name that is safe to hand to libkmod.
struct ModuleName: Sendable, Equatable {
    /// With underscores, as the kernel writes it.
    let text: String

    /// - Throws: `.invalidName` for what no file of a module can be called.
    init(_ text: String) throws(KmodError) {
        // A NUL would cut the name short in C, a slash would lead out of /sys/module.
        let bytes = text.utf8
        let isPlain = !bytes.contains { $0 <= 0x20 || $0 == 0x7f || $0 == UInt8(ascii: "/") }
        guard isPlain, !bytes.isEmpty, bytes.count <= Self.longest, bytes.first != UInt8(ascii: ".") else {
            throw KmodError(.invalidName, "\(text.debugDescription) can't be the name of a module")
        }
        // The kernel does the same to KBUILD_MODNAME, libkmod in modname_normalize().
        self.text = underscored(text)
    }

    /// Longer than MODULE_NAME_LEN (56), and a file's name at most.
    private static let longest = 255
}

/// Owns a `struct kmod_ctx`.
@safe
struct ContextHandle: ~Copyable {
    let pointer: OpaquePointer
    /// libkmod's functions.
    let library: UnsafePointer<libkmod>

    /// Takes over the caller's reference.
    init(owning pointer: OpaquePointer, _ library: UnsafePointer<libkmod>) {
        unsafe self.pointer = pointer
        unsafe self.library = library
    }

    deinit {
        _ = unsafe library.pointee.kmod_unref(pointer)
    }

    /// A module object for a name, whether there is such a module or not: `kmod_module_new_from_name()` never looks.
    func module(_ name: ModuleName) throws(KmodError) -> ModuleHandle {
        var module: OpaquePointer?
        let result = unsafe library.pointee.kmod_module_new_from_name(pointer, name.text, &module)
        guard result >= 0, let module = unsafe module else {
            throw KmodError(.failed, "libkmod has no object for \(name.text)", cause: ErrorNumber(-result))
        }
        return unsafe ModuleHandle(owning: module, library)
    }
}

/// What the kernel has of a module (`enum kmod_module_initstate`).
enum ModuleState: Sendable {
    /// Loaded and initialised.
    case live
    /// Being loaded: its initialisation hasn't returned.
    case coming
    /// Being removed.
    case going
    /// Part of the kernel image.
    case builtin
    /// Not there.
    case absent
}

/// Owns one reference to a `struct kmod_module`.
@safe
struct ModuleHandle: ~Copyable {
    let pointer: OpaquePointer
    /// libkmod's functions.
    let library: UnsafePointer<libkmod>

    /// Takes over the caller's reference.
    init(owning pointer: OpaquePointer, _ library: UnsafePointer<libkmod>) {
        unsafe self.pointer = pointer
        unsafe self.library = library
    }

    deinit {
        _ = unsafe library.pointee.kmod_module_unref(pointer)
    }

    /// The name, with underscores.
    var name: String { unsafe text(library.pointee.kmod_module_get_name(pointer)) }

    /// The file; nil if `modules.dep` doesn't have the module.
    var path: String? { unsafe library.pointee.kmod_module_get_path(pointer).map { unsafe String(cString: $0) } }

    /// What the `options` lines of the configuration and the kernel command line give it.
    var options: String? { unsafe library.pointee.kmod_module_get_options(pointer).map { unsafe String(cString: $0) } }

    /// An `install` line of the configuration puts a command in its place.
    var hasCommand: Bool { unsafe library.pointee.kmod_module_get_install_commands(pointer) != nil }

    /// `modules.builtin` has it. libkmod looks there before it looks into `/sys`.
    var isBuiltin: Bool {
        unsafe library.pointee.kmod_module_get_initstate(pointer) == Int32(KMOD_MODULE_BUILTIN.rawValue)
    }

    /// There is a file or a builtin module behind the name.
    var exists: Bool { path != nil || isBuiltin }

    /// What the running kernel has of it now.
    ///
    /// A directory in `/sys/module` without `initstate` counts as `.coming` (`mod_sysfs_setup()` makes it first); a
    /// builtin module with parameters has such a directory too, so a module that `modules.builtin` lacks looks the same.
    /// - Throws: `.unreadable`.
    func state() throws(KmodError) -> ModuleState {
        let answer = unsafe library.pointee.kmod_module_get_initstate(pointer)
        switch answer {
        case Int32(KMOD_MODULE_LIVE.rawValue): return .live
        case Int32(KMOD_MODULE_COMING.rawValue): return .coming
        case Int32(KMOD_MODULE_GOING.rawValue): return .going
        case Int32(KMOD_MODULE_BUILTIN.rawValue): return .builtin
        case -ENOENT: return .absent
        default:
            throw KmodError(.unreadable, "/sys/module/\(name)/initstate can't be read", cause: ErrorNumber(-answer))
        }
    }

    /// The loaded modules that use it, sorted.
    var holders: [String] {
        unsafe ModuleListHandle(owning: library.pointee.kmod_module_get_holders(pointer), library).names.sorted()
    }

    /// The modules that it can't do without, all of them, in the order in which they must be inserted: what
    /// `modules.dep` lists, from right to left; none of them if the file of one is gone.
    var dependencies: ModuleListHandle {
        unsafe ModuleListHandle(owning: library.pointee.kmod_module_get_dependencies(pointer), library)
    }
}

/// Owns a `struct kmod_list` of modules.
@safe
struct ModuleListHandle: ~Copyable {
    private let first: OpaquePointer?
    private let library: UnsafePointer<libkmod>

    /// Takes over the list; nil is the empty list.
    init(owning first: OpaquePointer?, _ library: UnsafePointer<libkmod>) {
        unsafe self.first = first
        unsafe self.library = library
    }

    deinit {
        _ = unsafe library.pointee.kmod_module_unref_list(first)
    }

    /// Calls `body` with each module in turn, until it throws.
    func forEach<Failure: Error>(_ body: (borrowing ModuleHandle) throws(Failure) -> Void) throws(Failure) {
        var entry = unsafe first
        while let current = unsafe entry {
            // Adds a reference, which the handle then owns.
            if let module = unsafe library.pointee.kmod_module_get_module(current) {
                try body(unsafe ModuleHandle(owning: module, library))
            }
            unsafe entry = library.pointee.kmod_list_next(first, current)
        }
    }

    /// The modules' names, in the list's order.
    var names: [String] {
        var names: [String] = []
        forEach { names.append($0.name) }
        return names
    }
}
