/// What the modules directory and modprobe's configuration say about one module.
package struct KmodModule: Sendable, Equatable {
    /// The name, with underscores.
    package let name: String
    /// The file; nil where `modules.dep` doesn't have the module.
    package let path: String?
    /// `modules.builtin` has it.
    package let isBuiltin: Bool
    /// What the `options` lines of the configuration and the kernel command line give it.
    package let options: String?
    /// What an `install` line of the configuration puts in its place.
    package let installCommand: String?

    /// A module as it is told.
    package init(name: String, path: String?, isBuiltin: Bool, options: String?, installCommand: String?) {
        self.name = name
        self.path = path
        self.isBuiltin = isBuiltin
        self.options = options
        self.installCommand = installCommand
    }

    /// There is a file or a builtin module behind the name.
    package var exists: Bool { path != nil || isBuiltin }
}

/// The modules that modprobe tries before and after one module; it doesn't matter to it whether they can be loaded.
package struct SoftDependencies: Sendable, Equatable {
    /// To be loaded before, in this order.
    package let pre: [KmodModule]
    /// To be loaded after, in this order.
    package let post: [KmodModule]

    /// The modules before and after.
    package init(pre: [KmodModule], post: [KmodModule]) {
        self.pre = pre
        self.post = post
    }
}

/// One line of what modinfo(8) shows, such as `vermagic` or `alias`. Keys may repeat.
package struct ModuleField: Sendable, Equatable {
    /// The key, such as `softdep`.
    package let key: String
    /// The value.
    package let value: String

    /// A key and its value.
    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A symbol that a module exports, or needs from others.
package struct ModuleSymbol: Sendable, Equatable {
    /// How a needed symbol binds (`enum kmod_symbol_bind`).
    package enum Binding: Character, Sendable {
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
    package let name: String
    /// The checksum of its type; 0 on a kernel without CONFIG_MODVERSIONS.
    package let crc: UInt64
    /// For a needed symbol, how it binds; nil for an exported one.
    package let binding: Binding?

    /// A symbol as it is told.
    package init(name: String, crc: UInt64, binding: Binding?) {
        self.name = name
        self.crc = crc
        self.binding = binding
    }
}
