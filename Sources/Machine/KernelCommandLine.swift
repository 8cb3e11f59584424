/// The kernel command line, in parameters as the kernel splits it.
///
/// White space separates, double quotes hold together and are no part of a value, the first `=` begins the value
/// (lib/cmdline.c: next_arg()). Names are compared with `-` and `_` as one (kernel/params.c: parameq()), values as each
/// parameter does it.
package struct KernelCommandLine: Sendable, Equatable {
    /// One parameter.
    package struct Parameter: Sendable, Equatable {
        /// Its name, with `_` for each `-`: `memmap`, `device_hmem.disable`.
        package let name: String
        /// What stands behind the `=`; nil without one.
        package let value: String?

        /// As it is written: `name=value`, or the name alone.
        package var text: String { name + (value.map { "=\($0)" } ?? "") }
    }

    /// The parameters of the kernel, in order: those before `--` (kernel/params.c: parse_args()).
    package let parameters: [Parameter]
    /// The parameters behind `--`, which the kernel hands to init.
    package let initParameters: [Parameter]

    /// The parameters in the text of `/proc/cmdline`.
    package init(_ text: String) {
        var rest = Array(text.utf8)[...].drop(while: Self.isSpace)
        var parameters: [Parameter] = []
        var initParameters: [Parameter] = []
        var isBehindSeparator = false
        while !rest.isEmpty {
            let (name, value) = Self.takeFirst(of: &rest)
            if value == nil && name.elementsEqual("--".utf8) && !isBehindSeparator {
                isBehindSeparator = true
                continue
            }
            let parameter = Parameter(
                name: underscored(String(decoding: name, as: UTF8.self)),
                value: value.map { String(decoding: $0, as: UTF8.self) }
            )
            if isBehindSeparator { initParameters.append(parameter) } else { parameters.append(parameter) }
        }
        self.parameters = parameters
        self.initParameters = initParameters
    }

    /// What a program sees that reads `/proc/cmdline` by itself, as libkmod and systemd do: `--` ends nothing for them.
    package var allParameters: [Parameter] { parameters + initParameters }

    /// The modules that the kernel refuses to load, with EPERM: the names in the last `module_blacklist=`.
    ///
    /// They are compared with the module's own name, which has underscores: `cxl-acpi` bars nothing
    /// (kernel/module/main.c: blacklisted()). A list over 1,024 bytes is not taken (kernel/params.c: param_set_charp()).
    package var barredModules: Set<String> {
        let list = parameters.values(of: "module_blacklist").last { $0.utf8.count <= 1024 }
        return Set(list?.commaSeparated ?? [])
    }

    /// The modules that libkmod does not load for a device: the names in every `modprobe.blacklist=`.
    ///
    /// It, too, compares them with a name that has underscores (libkmod/libkmod-config.c: kcmdline_parse_result(); seen with
    /// kmod 30).
    package var modulesBarredForDevices: Set<String> {
        Set(allParameters.values(of: "modprobe.blacklist").flatMap(\.commaSeparated))
    }

    /// The modules that systemd-modules-load.service(8) loads, in order, underscores.
    package var modulesLoadedAtBoot: [String] {
        allParameters.values(of: "modules_load").flatMap(\.commaSeparated).map(underscored)
    }

    /// The parameters that bear on who owns memory, in order. The others may name the host.
    package var ownershipParameters: [Parameter] {
        allParameters.filter { parameter in
            !parameter.name.hasSuffix(".dyndbg")
                && (Self.ownershipNames.contains(parameter.name)
                    || Self.ownershipPrefixes.contains { parameter.name.hasPrefix($0) })
        }
    }

    private static let ownershipNames: Set = [
        "efi", "memmap", "mem", "memhp_default_state", "module_blacklist", "modprobe.blacklist", "modules_load",
        "initcall_blacklist", "movable_node", "kernelcore", "movablecore", "numa",
    ]
    private static let ownershipPrefixes = ["cxl", "dax", "device_hmem", "kmem", "memory_hotplug", "rd.driver"]

    /// Whether the kernel leaves out the code by which `module` (underscores), a part of its image, begins: every
    /// `initcall_blacklist=` counts, and each is a list (init/main.c: initcall_blacklist()).
    package func leavesOut(_ module: String) -> Bool {
        let names = Self.initcalls(of: module)
        return parameters.values(of: "initcall_blacklist").flatMap(\.commaSeparated).contains(where: names.contains)
    }

    /// The names of the function by which `module` (underscores) begins; some changed between kernels.
    package static func initcalls(of module: String) -> [String] { initcalls[module] ?? [] }

    private static let initcalls = [
        "cxl_acpi": [cxlAcpiInitcall], "cxl_port": ["cxl_port_init", "cxl_port_driver_init"],
        "cxl_pci": ["cxl_pci_driver_init"], "cxl_mem": ["cxl_mem_driver_init"], "dax_hmem": ["dax_hmem_init"],
        "dax_cxl": ["cxl_dax_region_init"],
    ]

    /// The function by which `cxl_acpi` begins (drivers/cxl/acpi.c).
    package static let cxlAcpiInitcall = "cxl_acpi_init"

    /// lib/ctype.c; 0xa0 is the no-break space of Latin-1.
    private static func isSpace(_ byte: UInt8) -> Bool { (0x09...0x0d).contains(byte) || byte == 0x20 || byte == 0xa0 }

    /// Takes the first parameter, and the white space behind it.
    private static func takeFirst(
        of rest: inout ArraySlice<UInt8>
    ) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>?) {
        let quote = UInt8(ascii: "\"")
        let beginsQuoted = rest.first == quote
        if beginsQuoted { rest = rest.dropFirst() }
        var isQuoted = beginsQuoted
        var word = rest.prefix { byte in
            if byte == quote { isQuoted.toggle() }
            return isQuoted || !isSpace(byte)
        }
        rest = rest[word.endIndex...].drop(while: isSpace)
        // An `=` in the first place belongs to the name.
        let equals = word.dropFirst().firstIndex(of: UInt8(ascii: "="))
        let beginsQuotedValue = equals.map { word[$0...].dropFirst().first == quote } ?? false
        if word.last == quote && (beginsQuoted || beginsQuotedValue) { word = word.dropLast() }
        guard let equals else { return (word, nil) }
        let value = word[equals...].dropFirst()
        return (word[..<equals], beginsQuotedValue ? value.dropFirst() : value)
    }
}

extension [KernelCommandLine.Parameter] {
    /// The values that `name` (underscores) is given, in order.
    package func values(of name: String) -> [String] { filter { $0.name == name }.compactMap(\.value) }

    /// Whether the switch `name` (underscores) is on, which it is not unless told so: the last value that the kernel
    /// understands counts, and without `=` it is on (kernel/params.c: param_set_bool()).
    package func isOn(_ name: String) -> Bool {
        filter { $0.name == name }.reduce(false) { before, parameter in
            guard let value = parameter.value else { return true }
            return Bool(kernelText: value) ?? before
        }
    }
}

extension Bool {
    /// A truth value as the kernel reads and prints it, nil for what it refuses: the first letters decide (lib/kstrtox.c:
    /// kstrtobool()).
    package init?(kernelText text: String) {
        var letters = text.utf8.makeIterator()
        switch letters.next().map({ $0 | 0x20 }) {
        case UInt8(ascii: "y"), UInt8(ascii: "t"): self = true
        case UInt8(ascii: "n"), UInt8(ascii: "f"): self = false
        case UInt8(ascii: "o"):
            switch letters.next().map({ $0 | 0x20 }) {
            case UInt8(ascii: "n"): self = true
            case UInt8(ascii: "f"): self = false
            default: return nil
            }
        default:
            switch text.utf8.first {
            case UInt8(ascii: "1"): self = true
            case UInt8(ascii: "0"): self = false
            default: return nil
            }
        }
    }
}

/// A module's or parameter's name as the kernel spells it.
package func underscored(_ name: some StringProtocol) -> String {
    let (dash, underscore) = (UInt8(ascii: "-"), UInt8(ascii: "_"))
    // Most names have none, and every line of a host's configuration of modprobe is asked.
    guard name.utf8.contains(dash) else { return String(name) }
    return String(decoding: name.utf8.map { $0 == dash ? underscore : $0 }, as: UTF8.self)
}

extension String {
    /// The words between commas; empty ones are left out.
    package var commaSeparated: [String] {
        utf8.split(separator: UInt8(ascii: ",")).map { String(Substring($0)) }
    }
}
