internal import Iomem
internal import LinuxSystem
internal import Machine

/// Reads the modules: `/proc/modules`, `/sys/module`, and the lists of depmod in `/lib/modules/RELEASE`.
struct ModuleReading {
    /// The modules.
    private(set) var table = ModuleTable()
    /// The path of the file of dax_hmem, as `modules.dep` has it; nil where that does not know the module.
    private(set) var hmemFile: String?

    private let tree: any FileTree

    /// The modules of the kernel `release`, on a machine with these `decoders`.
    ///
    /// - Parameters:
    ///   - platformDevices: The names in `/sys/bus/platform/devices`.
    ///   - commandLine: What the kernel was started with.
    ///   - isRecorded: it is known which modules are loaded.
    init(
        tree: any FileTree,
        release: String,
        decoders: [Decoder],
        platformDevices: [String],
        commandLine: KernelCommandLine = KernelCommandLine(""),
        isRecorded: Bool = true
    ) throws(InspectionError) {
        self.tree = tree
        table.isRecorded = isRecorded
        let directory = "/lib/modules/\(release)"
        table.loaded = try loaded()
        let list = try tree.read("\(directory)/modules.builtin").map(ModuleLists.builtin)
        table.builtin = builtin(list, decoders, commandLine)
        if let known = try tree.read("\(directory)/modules.dep").map(ModuleLists.dependencies) {
            table.dependencies = known.needs
            hmemFile = known.hmemFile.map { "\(directory)/\($0)" }
        }
        table.softDependencies = try tree.read("\(directory)/modules.softdep").map(ModuleLists.softDependencies)
        // Up to 6.2 dax_hmem has no device for itself, and its driver is bound to each hmem.N (drivers/dax/hmem/device.c).
        let hmem = devices(of: "hmem_platform", "hmem_platform.", platformDevices)
        table.drivers["dax_hmem"] = hmem.devices.isEmpty ? devices(of: "hmem", "hmem.", platformDevices) : hmem
        table.drivers["cxl_acpi"] = devices(of: "cxl_acpi", "ACPI0017:", platformDevices)
        for (module, driver) in table.drivers where table.builtin.contains(module) {
            let isThere = !tree.isLive || tree.exists("/sys/bus/platform/drivers/\(driver.driver)")
            table.drivers[module]?.isRegistered = isThere && !commandLine.leavesOut(module)
        }
    }

    /// The devices of a platform driver, whose names begin with `prefix`.
    private func devices(of driver: String, _ prefix: String, _ names: [String]) -> DriverDevices {
        let bus = "/sys/bus/platform"
        let devices = names.filter { $0.hasPrefix(prefix) }.map { name in
            let path = tree.realPath("\(bus)/devices/\(name)") ?? "\(bus)/devices/\(name)"
            return DriverDevices.Device(name: name, isBound: tree.linkName("\(path)/driver") == driver)
        }
        // Nobody can read these files, so no recording has them.
        let hasFiles = !tree.isLive || tree.exists("\(bus)/drivers/\(driver)/unbind")
        return DriverDevices(driver: driver, devices: devices, hasBindFiles: hasFiles)
    }

    /// Lines `NAME SIZE REFERENCES USERS STATE ADDRESS [TAINT]` (`m_show()`, kernel/module/procfs.c), newest first.
    private func loaded() throws(InspectionError) -> [String: LoadedModule] {
        let path = "/proc/modules"
        // Without the file it is a kernel without modules, or material that does not have it.
        guard let text = try tree.text(path) else { return [:] }
        var modules: [String: LoadedModule] = [:]
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !(line.isEmpty && index == lines.count - 1) {
            guard let (name, module) = Self.module(Substring(line), position: index) else {
                throw tree.damaged(path, line: index + 1, "\"\(Substring(line))\" is not a line about a module")
            }
            modules[name] = module
        }
        return modules
    }

    private static func module(_ line: Substring, position: Int) -> (String, LoadedModule)? {
        let fields = line.fields()
        guard fields.count >= 6, UInt64(fields[1]) != nil, fields[5].hasPrefix("0x"),
            let address = parseNumber(fields[5]), ["Live", "Loading", "Unloading"].contains(fields[4])
        else { return nil }
        // Without CONFIG_MODULE_UNLOAD the kernel counts nothing and prints "-".
        guard let references = fields[2] == "-" ? 0 : Int(fields[2]) else { return nil }
        let users = String(fields[3]).commaSeparated.filter { $0 != "-" && $0 != "[permanent]" }
        let module = LoadedModule(
            isLive: fields[4] == "Live",
            references: references,
            users: users,
            address: address,
            position: position,
            isUnsigned: fields.count > 6 && fields[6].contains("E")
        )
        return (String(fields[0]), module)
    }

    /// The names in `modules.builtin`, and those of the directories of `/sys/module` that have no `initstate`: those belong to
    /// code in the kernel image (`mod_sysfs_setup()` makes the attribute for loadable modules only).
    private func builtin(
        _ list: Set<String>?,
        _ decoders: [Decoder],
        _ commandLine: KernelCommandLine
    ) -> Set<String> {
        let loaded = table.loaded
        var names = list ?? []
        for name in ModuleTable.relevant where loaded[name] == nil && !names.contains(name) {
            let path = "/sys/module/\(name)"
            // While it is looked at, the module may go.
            if tree.exists(path), !tree.exists("\(path)/initstate"), !tree.exists("\(path)/coresize"), tree.exists(path)
            {
                names.insert(name)
            }
        }
        // A running machine may have loaded a module since its list was read.
        if list == nil && !tree.isLive && table.isRecorded {
            names.formUnion(drivers(decoders).filter { loaded[$0] == nil })
            // A driver that was left out shows nowhere. Nobody leaves out so what modprobe can keep out.
            if commandLine.leavesOut("cxl_acpi") && loaded["cxl_acpi"] == nil { names.insert("cxl_acpi") }
        }
        return names
    }

    /// The drivers of each module, as sysfs shows them while it is in.
    private static let driverPaths = [
        "cxl_acpi": "platform/drivers/cxl_acpi", "cxl_pci": "pci/drivers/cxl_pci", "cxl_mem": "cxl/drivers/cxl_mem",
        "cxl_port": "cxl/drivers/cxl_port", "dax_hmem": "platform/drivers/hmem",
        "dax_cxl": "cxl/drivers/cxl_dax_region", "kmem": "dax/drivers/kmem", "device_dax": "dax/drivers/device_dax",
    ]

    /// The modules whose drivers are there, or what only they make: decoders of memory devices come with `cxl_port`
    /// (drivers/cxl/port.c: cxl_endpoint_port_probe()). Where a capture has no list of what is built in, this tells.
    private func drivers(_ decoders: [Decoder]) -> Set<String> {
        var found = Set(Self.driverPaths.filter { tree.exists("/sys/bus/\($0.value)") }.keys)
        if decoders.contains(where: { $0.kind == .endpoint }) { found.insert("cxl_port") }
        return found
    }
}

/// A line `softdep MODULE pre: A B post: C`, in a file of modprobe's or in `modules.softdep`; names with underscores.
struct SoftDependencies: Equatable {
    /// The module, or a pattern for modules.
    let module: String
    /// What is loaded before it.
    private(set) var before: [String] = []
    /// What is loaded after it.
    private(set) var after: [String] = []

    /// The words of a line; nil where it is no such line. What stands before `pre:` and `post:` names nothing
    /// (libkmod/libkmod-config.c: kmod_config_add_softdep()).
    init?(_ words: [String]) {
        guard words.count >= 3, words[0] == "softdep" else { return nil }
        module = underscored(words[1])
        var place: WritableKeyPath<Self, [String]>?
        for word in words.dropFirst(2) {
            switch word {
            case "pre:": place = \.before
            case "post:": place = \.after
            default: if let place { self[keyPath: place].append(underscored(word)) }
            }
        }
    }

    /// It names no module, and so takes away what a line behind it names.
    var isEmpty: Bool { before.isEmpty && after.isEmpty }
}
