internal import Machine

/// What several parts of one reading look at, each read once.
struct MachineSources {
    /// The files that only one part looks at are read from here.
    let tree: any FileTree
    /// What the kernel log tells.
    let log: LoggedFacts
    /// modprobe's configuration.
    let modprobe: ModprobeFiles
    /// The windows in the ACPI CEDT.
    let fixedWindows: FixedMemoryWindows
    /// The firmware's memory map.
    let firmwareMap: FirmwareMap
    /// The kernel's symbols.
    let symbols: KernelSymbols
    /// The names in `/sys/bus/cxl/devices`, in the order in which people number things.
    let cxlDevices: [String]
    /// The names in `/sys/bus/platform/devices`, in the same order.
    let platformDevices: [String]
    /// The processes, with what several parts ask about them.
    let processes: ProcessTable
    /// The paths that the machine lacked when it was recorded.
    let absentPaths: [String]

    /// The sources of the machine in `tree`.
    /// - Throws: where one is there and can't be read or understood.
    init(tree: any FileTree, log: any KernelLog, absentPaths: [String]) throws(InspectionError) {
        self.tree = tree
        self.absentPaths = absentPaths
        self.log = log.read().facts
        modprobe = ModprobeFiles(tree)
        fixedWindows = try FixedMemoryWindows(tree: tree)
        firmwareMap = try FirmwareMap(tree: tree)
        symbols = KernelSymbols(tree: tree)
        cxlDevices = try tree.names(in: "/sys/bus/cxl/devices") { _ in true }
        platformDevices = try tree.names(in: "/sys/bus/platform/devices") { _ in true }
        processes = ProcessTable(tree: tree)
    }
}

/// `/proc/kallsyms`, which is searched when it is first asked for: it has megabytes.
final class KernelSymbols {
    private let tree: any FileTree
    private var found: [String: Bool]?

    /// What is looked for, all in one reading.
    private static let asked =
        AllOrNothingMarks.symbols + ["dax_hmem_probe", "dax_hmem_flush_work", "dax_hmem_initial_probe"]

    /// The symbols of the machine in `tree`.
    init(tree: any FileTree) { self.tree = tree }

    /// Whether a symbol begins with `name`, one of those that are looked for; no where the kernel has no such list.
    func has(_ name: String) throws(InspectionError) -> Bool {
        let known: [String: Bool]
        if let found {
            known = found
        } else {
            let answers = try tree.hasWords(Self.asked, in: "/proc/kallsyms") ?? []
            known = Dictionary(zip(Self.asked, answers)) { first, _ in first }
            found = known
        }
        return known[name] == true
    }
}
