/// What the modules directory and modprobe's configuration say about one module.
public struct KmodModule: Sendable, Equatable {
    /// The name, with underscores.
    public let name: String
    /// The file; nil where `modules.dep` doesn't have the module.
    public let path: String?
    /// `modules.builtin` has it.
    public let isBuiltin: Bool
    /// What the `options` lines of the configuration and the kernel command line give it.
    public let options: String?
    /// What an `install` line of the configuration puts in its place.
    public let installCommand: String?

    /// A module as it is told.
    public init(name: String, path: String?, isBuiltin: Bool, options: String?, installCommand: String?) {
        self.name = name
        self.path = path
        self.isBuiltin = isBuiltin
        self.options = options
        self.installCommand = installCommand
    }

    /// There is a file or a builtin module behind the name.
    public var exists: Bool { path != nil || isBuiltin }
}

/// The modules that modprobe tries before and after one module; it doesn't matter to it whether they can be loaded.
public struct SoftDependencies: Sendable, Equatable {
    /// To be loaded before, in this order.
    public let pre: [KmodModule]
    /// To be loaded after, in this order.
    public let post: [KmodModule]

    /// The modules before and after.
    public init(pre: [KmodModule], post: [KmodModule]) {
        self.pre = pre
        self.post = post
    }
}

/// One line of what modinfo(8) shows, such as `vermagic` or `alias`. Keys may repeat.
public struct ModuleField: Sendable, Equatable {
    /// The key, such as `softdep`.
    public let key: String
    /// The value.
    public let value: String

    /// A key and its value.
    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A symbol that a module exports, or needs from others.
public struct ModuleSymbol: Sendable, Equatable {
    /// How a needed symbol binds (`enum kmod_symbol_bind`).
    public enum Binding: Character, Sendable {
        /// Not known.
        case none = "\0"
        /// Local.
        case local = "L"
        /// Exported by another module or the kernel.
        case global = "G"
        /// Does without.
        case weak = "W"
        /// Must be there.
        case undefined = "U"
    }

    /// The name, such as `dax_hmem_flush_work`.
    public let name: String
    /// The checksum of its type; 0 on a kernel without CONFIG_MODVERSIONS.
    public let crc: UInt64
    /// For a needed symbol, how it binds; nil for an exported one.
    public let binding: Binding?

    /// A symbol as it is told.
    public init(name: String, crc: UInt64, binding: Binding?) {
        self.name = name
        self.crc = crc
        self.binding = binding
    }
}
