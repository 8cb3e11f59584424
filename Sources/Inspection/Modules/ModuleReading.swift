internal import Iomem
internal import Machine

/// Reads the modules: `/proc/modules`, `/sys/module`, and the lists of depmod in `/lib/modules/RELEASE`.
struct ModuleReading {
    let tree: any FileTree
    let release: String

    func read() throws(InspectionError) -> ModuleTable {
        var table = ModuleTable()
        table.loaded = try loaded()
        table.builtin = try builtin(loaded: table.loaded)
        let directory = "/lib/modules/\(release)"
        table.dependencies = try tree.text("\(directory)/modules.dep").map(Self.dependencies)
        table.softDependencies = try tree.text("\(directory)/modules.softdep").map(Self.softDependencies)
        return table
    }

    /// Lines `NAME SIZE REFERENCES USERS STATE ADDRESS [TAINT]` (`m_show()`, kernel/module/procfs.c), newest first.
    private func loaded() throws(InspectionError) -> [String: LoadedModule] {
        let path = "/proc/modules"
        guard let text = try tree.text(path) else {
            // A kernel without modules; that it is not a file which was lost is known by now.
            return [:]
        }
        var modules: [String: LoadedModule] = [:]
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !(line.isEmpty && index == lines.count - 1) {
            guard let (name, module) = Self.module(line, position: index) else {
                throw tree.damaged(path, line: index + 1, "\"\(line)\" is not a line about a module")
            }
            modules[name] = module
        }
        return modules
    }

    private static func module(_ line: Substring, position: Int) -> (String, LoadedModule)? {
        let fields = line.split(separator: " ")
        guard fields.count >= 6, UInt64(fields[1]) != nil, fields[5].hasPrefix("0x"),
            let address = parseNumber(fields[5]), ["Live", "Loading", "Unloading"].contains(fields[4])
        else { return nil }
        // Without CONFIG_MODULE_UNLOAD the kernel counts nothing and prints "-".
        guard let references = fields[2] == "-" ? 0 : Int(fields[2]) else { return nil }
        let users = fields[3].split(separator: ",").map(String.init).filter { $0 != "-" && $0 != "[permanent]" }
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

    /// The names in `modules.builtin`, and the directories of `/sys/module` that have no `initstate`: those belong to
    /// code in the kernel image (`mod_sysfs_setup()` makes the attribute for loadable modules only).
    private func builtin(loaded: [String: LoadedModule]) throws(InspectionError) -> Set<String> {
        var names: Set<String> = []
        let list = try tree.text("/lib/modules/\(release)/modules.builtin")
        if let list {
            names.formUnion(list.split(separator: "\n").map { Self.name($0) })
        }
        for name in try tree.list("/sys/module") ?? [] where loaded[name] == nil {
            let path = "/sys/module/\(name)"
            if !tree.exists("\(path)/initstate"), !tree.exists("\(path)/coresize"), tree.exists(path) {
                names.insert(underscored(name))
            }
        }
        // A running machine may have loaded a module since its list was read.
        if list == nil && !tree.isLive { names.formUnion(try drivers().filter { loaded[$0] == nil }) }
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
    private func drivers() throws(InspectionError) -> Set<String> {
        var found = Set(Self.driverPaths.filter { tree.exists("/sys/bus/\($0.value)") }.keys)
        let bus = "/sys/bus/cxl/devices"
        for decoder in try tree.names(in: bus, where: { $0.hasPrefix("decoder") })
        where tree.optionalValue("\(bus)/\(decoder)/devtype") == "cxl_decoder_endpoint" {
            found.insert("cxl_port")
            break
        }
        return found
    }

    /// The name of the module in a path of depmod's, which keeps the dashes of file names: `kernel/drivers/dax/dax_cxl.ko.xz`
    /// is `dax_cxl`.
    static func name(_ path: some StringProtocol) -> String {
        let file = path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
        return underscored(file.prefix { $0 != "." })
    }

    /// Lines `PATH: PATH PATH…` of `modules.dep`.
    static func dependencies(_ text: String) -> [String: [String]] {
        var result: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            result[name(line[..<colon])] = line[colon...].dropFirst().split(separator: " ").map { name($0) }
        }
        return result
    }

    /// The names behind `pre:` in the lines `softdep NAME pre: A B post: C` of `modules.softdep`.
    static func softDependencies(_ text: String) -> [String: [String]] {
        var result: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, words[0] == "softdep" else { continue }
            var isPre = false
            for word in words.dropFirst(2) {
                if word.hasSuffix(":") {
                    isPre = word == "pre:"
                } else if isPre {
                    result[underscored(words[1]), default: []].append(underscored(word))
                }
            }
        }
        return result
    }
}
