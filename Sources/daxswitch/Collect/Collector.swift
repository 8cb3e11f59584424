import Inspection
import Iomem
import LinuxSystem
import Machine
import Ownership
import Persistence

/// Records what decides the ownership of Soft Reserved memory, so the capture serves as the machine elsewhere.
struct Collector {
    private let tree: any FileTree
    private let log: any KernelLog
    private let recording: Recording

    /// A collector of the machine below `root`.
    init(root: String = "/") {
        let tree = DirectoryTree(root: root)
        self.init(tree: tree, log: tree.isLive ? RunningKernelLog() : RecordedKernelLog(tree: tree))
    }

    /// A collector of the machine in `tree`, with the kernel log from any place.
    init(tree: any FileTree, log: any KernelLog) {
        self.tree = tree
        self.log = log
        recording = Recording(tree: tree)
    }

    /// Modules whose directory in `/sys/module` tells something.
    private static let modules =
        modulesOfInterest + ["dax", "dax_pmem", "device_hmem", "fsdev_dax", "libnvdimm"]

    /// Files that are copied whole.
    private static let files =
        ["cmdline", "iomem", "meminfo", "modules", "swaps"].map { "/proc/\($0)" }
        + ["hostname", "modprobe", "modules_disabled", "osrelease", "random/boot_id", "tainted"].map {
            "/proc/sys/kernel/\($0)"
        }
        + ["CEDT", "HMAT", "SRAT"].map { "/sys/firmware/acpi/tables/\($0)" }
        + [
            "/sys/kernel/security/lockdown", Inspector.holdPath, Inspector.holdChangePath,
            Inspector.persistedPath, RememberedFacts.path,
        ]
        + Inspector.historyPaths + Inspector.kexecPaths

    /// Records the machine.
    ///
    /// - Throws: `CollectError` `.notPermitted` if the kernel hides the addresses.
    func record() throws(CollectError) -> Capture {
        try checkAddresses()
        for file in Self.files { recording.file(file) }
        if let id = HostReading(tree: tree).read().id {
            recording.write(Array("\(id)\n".utf8), to: HostReading.recordedID)
        }
        recordAbsences()
        // Versions of the coordination are told by symbols.
        recording.file("/proc/kallsyms", linesHolding: Inspector.tellingSymbols)
        recordBuses()
        // Also where none of these is there.
        if tree.exists("/sys/module") { recording.make("/sys/module") }
        for module in Set(Self.modules).sorted() { recording.directory("/sys/module/\(module)", depth: 2) }
        recording.directory("/sys/firmware/memmap", depth: 2)
        recordMemory()
        // The lines with the kernel's command line.
        for path in BootEntryReading(tree: tree).files() {
            recording.file(path) { BootEntryReading.isCommandLine($0) }
        }
        recordModuleLists()
        recordBootSystem()
        recordUsers()
        recordLog()
        return recording.capture
    }

    /// As records, which tell who wrote each and whether some are missing, and as text for people.
    private func recordLog() {
        guard let content = log.content() else { return }
        if let records = content.recordText {
            recording.write(Array(records.utf8), to: RecordedKernelLog.path)
        }
        recording.write(Array(content.text.map { $0 + "\n" }.joined().utf8), to: "/dmesg")
    }

    /// So what this machine has not is not taken for what the recording has lost.
    private func recordAbsences() {
        let others =
            BootSystem.recordedPresences + BootSystem.recordedFiles + [BootSystem.mounts] + ModprobeFiles.directories
        let absent =
            RecordedAbsences(tree: tree).paths + (tree.isLive ? others.filter { !tree.exists($0) } : [])
        guard !absent.isEmpty else { return }
        recording.write(Array(absent.map { $0 + "\n" }.joined().utf8), to: RecordedAbsences.path)
    }

    /// What decides what `persist` would write here.
    private func recordBootSystem() {
        for path in BootSystem.recordedFiles { recording.file(path) }
        for path in BootSystem.recordedPresences where tree.exists(path) { recording.write([], to: path) }
        recording.file(BootSystem.mounts, keeping: BootSystem.isRecordedMount)
    }

    /// Without privilege every address reads as zero; such a capture would say nothing.
    private func checkAddresses() throws(CollectError) {
        let bytes: [UInt8]?
        do { bytes = try tree.read("/proc/iomem") } catch {
            throw CollectError(code: .notPermitted, message: error.message)
        }
        do {
            _ = try IomemTree(parsing: bytes ?? [], file: tree.display("/proc/iomem"))
        } catch  where error.problem == .zeroed {
            throw CollectError(code: .notPermitted, message: "\(error). Run as root")
        } catch {
            // A file that makes no sense is what a bug report is about.
        }
    }

    private func recordBuses() {
        recording.devices("/sys/bus/cxl/devices", depth: 2)
        recording.devices("/sys/bus/dax/devices", depth: 2)
        let isOurs = { (name: String) in name.hasPrefix("hmem") || name.hasPrefix("ACPI0017") }
        recording.devices("/sys/bus/platform/devices", where: isOurs, depth: 9)
        recording.directory("/sys/bus/cxl/drivers", depth: 2)
        recording.directory("/sys/bus/dax/drivers", depth: 2)
        for driver in recording.names(in: "/sys/bus/platform/drivers") ?? []
        where driver.hasPrefix("hmem") || driver.hasPrefix("cxl") {
            recording.directory("/sys/bus/platform/drivers/\(driver)", depth: 1)
        }
    }

    private func recordMemory() {
        let nodes = "/sys/devices/system/node"
        for name in recording.names(in: nodes) ?? [] where name.hasPrefix("node") {
            recording.file("\(nodes)/\(name)/meminfo")
            recording.directory("\(nodes)/\(name)/hugepages", depth: 2)
        }
        let path = "/sys/devices/system/memory"
        for name in recording.names(in: path) ?? [] {
            let isBlock = name.hasPrefix("memory") && name.dropFirst("memory".count).allSatisfy(\.isNumber)
            if isBlock || name == "block_size_bytes" || name == "auto_online_blocks" {
                recording.directory("\(path)/\(name)", depth: 1)
            }
        }
    }

    /// The lines of the module lists that are about these modules, and dax_hmem itself, whose text tells its version.
    private func recordModuleLists() {
        guard let release = tree.optionalValue("/proc/sys/kernel/osrelease") else { return }
        let folder = "/lib/modules/\(release)"
        let words = ["cxl", "dax", "hmem", "kmem", "nvdimm"]
        for list in ["dep", "softdep", "builtin", "alias", "symbols"] {
            recording.file("\(folder)/modules.\(list)", linesHolding: words)
        }
        let text: String?
        do { text = try tree.text("\(folder)/modules.dep") } catch { return }
        for line in text?.lines ?? [] where line.contains("/dax_hmem.ko") {
            guard let path = line.parts(at: ":").first else { continue }
            if path.contains("/dax_hmem.ko") { recording.file("\(folder)/\(path)") }
        }
    }
}

extension Collector {
    /// Who uses dax devices and persistent memory, what would put memory online by itself, and what the host tells
    /// modprobe.
    private func recordUsers() {
        let table = ProcessTable(tree: tree)
        recordDaxUsers(table)
        recordPmem(table)
        for path in OnliningRules(tree: tree).files() {
            recording.file(path) { OnliningRules.onlinesMemory($0) }
        }
        // Also those without such a file: then nothing is said.
        for path in ModprobeFiles.directories where tree.exists(path) { recording.make(path) }
        // Whole: a message names a line by its number.
        for path in ModprobeReading(tree: tree).files() { recording.file(path) }
    }

    /// Who has a dax device open or mapped. The links of the recording say `/dev/NAME`, whatever the process calls it.
    private func recordDaxUsers(_ table: ProcessTable) {
        let devices = recording.names(in: "/sys/bus/dax/devices") ?? []
        guard !devices.isEmpty else { return }
        let files = DaxFiles(tree: tree, devices: devices, table: table)
        for process in table.processes {
            let use = files.used(by: process)
            guard !use.opened.isEmpty || !use.mapped.isEmpty else { continue }
            recording.file("/proc/\(process)/comm")
            if !use.mapped.isEmpty { recording.file(use.maps, keeping: use.isMapped) }
            for (path, device) in use.opened { recording.link(path, to: "/dev/\(device)") }
            for (path, device) in use.mapped { recording.link(path, to: "/dev/\(device)") }
        }
    }

    /// The nd bus with the block devices on it, and what is mounted from them.
    private func recordPmem(_ table: ProcessTable) {
        let bus = "/sys/bus/nd/devices"
        guard let names = recording.names(in: bus) else { return }
        recording.devices(bus, depth: 1)
        var disks: Set<String> = []
        for name in names {
            guard let path = tree.realPath("\(bus)/\(name)") else { continue }
            // The serial number of a memory device.
            if name.hasPrefix("nmem") { recording.file("\(path)/cxl/id") }
            for disk in recording.names(in: "\(path)/block") ?? [] {
                recording.file("\(path)/block/\(disk)/dev")
                recording.directory("\(path)/block/\(disk)/holders", depth: 1)
                if let number = tree.optionalValue("\(path)/block/\(disk)/dev") { disks.insert(number) }
            }
        }
        guard !disks.isEmpty else { return }
        for file in Set(table.mounts.filter { disks.contains(String($0.device)) }.map(\.file)) {
            recording.file(file) { line in
                line.fields(4).dropFirst(2).first.map { disks.contains(String($0)) } ?? false
            }
        }
    }
}
