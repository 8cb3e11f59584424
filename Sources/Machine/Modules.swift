/// The modules of a machine.
package struct ModuleTable: Sendable, Equatable {
    /// The loaded modules by name (underscores), from `/proc/modules`.
    package var loaded: [String: LoadedModule]
    /// Those of `relevant` in `modules.builtin`, and those that `/sys/module` shows without being loadable.
    package var builtin: Set<String>
    /// Hard dependencies of `relevant` from `modules.dep` by name, nearest first; nil where that file was not there.
    package var dependencies: [String: [String]]?
    /// `pre:` soft dependencies from `modules.softdep` by name; nil where that file was not there.
    package var softDependencies: [String: [String]]?
    /// The platform devices of `cxl_acpi` and `dax_hmem`, in the kernel image or not, by the module's name.
    package var drivers: [String: DriverDevices] = [:]

    /// Whether it is known which modules are loaded.
    package var isRecorded = true

    /// No module at all.
    package init() {
        loaded = [:]
        builtin = []
        dependencies = nil
        softDependencies = nil
    }

    /// The driver of `name` (underscores), if that is part of the kernel image and there are devices for it.
    package func builtinDriver(of name: String) -> DriverDevices? {
        guard builtin.contains(name), let driver = drivers[name], !driver.devices.isEmpty else { return nil }
        return driver
    }

    /// How `name` (underscores) stands.
    package func state(of name: String) -> ModuleStanding {
        if let module = loaded[name] { return module.isLive ? .live : .changing }
        if builtin.contains(name) { return drivers[name]?.areUnbound == true ? .unbound : .builtin }
        guard isRecorded else { return .unknown }
        if let dependencies { return dependencies[name] == nil ? .missing : .absent }
        return .absent
    }
}

extension ModuleTable {
    /// The modules that steps load and unload.
    package static let switched = [
        "cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port", "cxl_pmem", "dax_hmem", "dax_cxl", "kmem", "device_dax",
    ]

    /// The modules of which it is asked whether the kernel has them: `switched`, and others that show what kernel it is or what it
    /// can do; underscores.
    package static let relevant = switched + ["cxl_core", "dax", "libnvdimm"]
}

/// How a module stands; the raw value is the word in the JSON documents.
package enum ModuleStanding: String, Sendable, CaseIterable {
    /// Loaded and initialised.
    case live
    /// Being loaded or removed.
    case changing
    /// Part of the kernel image.
    case builtin
    /// Part of the kernel image, and its driver is unbound from its devices: it has the same effect as a module that is not loaded.
    case unbound
    /// Not loaded; the kernel has it, or it is not known whether it has.
    case absent
    /// Not loaded, and `modules.dep` does not know it.
    case missing
    /// The material does not have the list of loaded modules.
    case unknown

    /// As texts say it.
    package var words: String {
        switch self {
        case .live: "loaded"
        case .changing: "being loaded or unloaded"
        case .builtin: "built in"
        case .unbound: "built in, without a device"
        case .absent: "not loaded"
        case .missing: "not in this kernel"
        case .unknown: "unknown"
        }
    }
}

/// One line of `/proc/modules`.
package struct LoadedModule: Sendable, Equatable {
    /// The state is `Live`, not `Loading` or `Unloading`.
    package var isLive: Bool
    /// The reference count; negative while the module is being removed.
    package var references: Int
    /// The modules that use this one.
    package var users: [String]
    /// Where it was loaded; changes with every load. 0 without privilege.
    package var address: UInt64
    /// It was loaded without a valid signature: `E` among its taints.
    package var isUnsigned: Bool
    /// Position in the file: the kernel puts the newest module first (`add_unformed_module()`, kernel/module/main.c).
    package var position: Int

    /// One line of the file.
    package init(
        isLive: Bool,
        references: Int,
        users: [String],
        address: UInt64,
        position: Int,
        isUnsigned: Bool = false
    ) {
        self.isLive = isLive
        self.references = references
        self.users = users
        self.address = address
        self.position = position
        self.isUnsigned = isUnsigned
    }
}

/// What the host's own configuration of modprobe, not written by daxswitch, does to the modules that decide who owns.
package struct ModprobeSettings: Sendable, Equatable {
    /// A line of it.
    package struct Line: Sendable, Equatable, CustomStringConvertible {
        /// The file, `/etc/modprobe.d/00-nocxl.conf`.
        package var path: String
        /// Its number in the file, from 1.
        package var number: Int
        /// The line, its words with one space between them.
        package var text: String

        /// A line of a file.
        package init(path: String, number: Int, text: String) {
            self.path = path
            self.number = number
            self.text = text
        }

        /// `/etc/modprobe.d/00-nocxl.conf:1 (alias cxl_acpi off)`.
        package var description: String { "\(path):\(number) (\(text))" }

        /// It puts a command in place of a module, which also counts where another module needs that one.
        package var isCommand: Bool { text.hasPrefix("install ") }
    }

    /// What counts of it for one module, by one keyword.
    package struct Setting: Sendable, Equatable {
        /// `alias`, `blacklist`, `install`, `options` or `softdep`.
        package var keyword: String
        /// The module (underscores).
        package var module: String
        /// What stands behind the module, its words with one space between them; empty for `blacklist`.
        package var value: String
        /// The first line that says so.
        package var line: Line

        /// A setting.
        package init(keyword: String, module: String, value: String, line: Line) {
            self.keyword = keyword
            self.module = module
            self.value = value
            self.line = line
        }
    }

    /// What it says of the modules that steps switch.
    package var settings: [Setting] = []
    /// Whether the material has the whole configuration, or says which of its directories the machine had not.
    package var isRecorded = true
    /// The modules that modprobe does not load, nor the kernel through it, each with the line that says so.
    package var keptOut: [String: Line]
    /// The modules of which it is not known whether they are loaded, each with the line that leaves it open.
    package var doubtful: [String: Line]
    /// What is loaded before dax_hmem by a line that counts before that of `modules.softdep`; nil without one.
    package var hmemSoftDependencies: [String]?

    /// Settings that change nothing, unless given.
    package init(
        keptOut: [String: Line] = [:],
        doubtful: [String: Line] = [:],
        hmemSoftDependencies: [String]? = nil
    ) {
        self.keptOut = keptOut
        self.doubtful = doubtful
        self.hmemSoftDependencies = hmemSoftDependencies
    }
}
