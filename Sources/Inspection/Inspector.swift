package import Iomem
package import Machine

/// Reads a `MachineState` from a root directory: `/` for the running machine, or a recorded one.
///
/// Nothing is changed and nothing is decided here.
package struct Inspector: Sendable {
    private let tree: any FileTree
    private let log: any KernelLog

    /// How often a running machine is read anew while it contradicts itself.
    private static let attempts = 4

    /// A reader of the machine below `root`.
    package init(root: String = "/") {
        let tree = DirectoryTree(root: root)
        self.tree = tree
        log = tree.isLive ? RunningKernelLog() : RecordedKernelLog(tree: tree)
    }

    /// A reader of any tree, with the kernel log from any place.
    package init(tree: any FileTree, log: any KernelLog) {
        self.tree = tree
        self.log = log
    }

    /// The machine as it is now.
    ///
    /// The files of a running machine are read one after the other while it may change: a reading that contradicts
    /// itself is made again, a few times.
    /// - Throws: `InspectionError`; for a recorded machine a contradiction is a bad capture.
    package func read() throws(InspectionError) -> MachineState {
        var attempt = 1
        while true {
            do throws(InspectionError) {
                return try readOnce()
            } catch {
                guard error.code == .unstable, attempt < Self.attempts else { throw error }
            }
            attempt += 1
        }
    }

    /// `/proc/iomem` alone, of one moment, for who waits for a change of it.
    package func readIomem() throws(InspectionError) -> IomemTree { try IomemReading(tree: tree).read() }

    /// What `persist` wrote for the boots to come; nil where nothing is persisted.
    package func readPersisted() throws(InspectionError) -> BootChoice? {
        try DropInReading(tree: tree).read().persisted
    }

    private func readOnce() throws(InspectionError) -> MachineState {
        try checkRoot()
        let iomem = try IomemReading(tree: tree).read()
        let kernel = KernelReading(tree: tree)
        var state = MachineState(kernel: try kernel.read(), iomem: iomem)
        state.host = HostReading(tree: tree).read()
        state.kernel.showsSoftReserved = !iomem.entries { $0 == "Soft Reserved" }.isEmpty
        let lines = log.lines() ?? []

        let modules = ModuleReading(tree: tree, release: state.kernel.release)
        state.modules = try modules.read()
        state.modprobe = ModprobeReading(tree: tree).read(state.modules)
        state.windows = try WindowReading(tree: tree).read(iomem: iomem)
        state.softReserved = try SoftReservedReading(
            tree: tree,
            iomem: iomem,
            commandLine: state.kernel.commandLine,
            log: lines
        ).read()

        let cxl = CxlReading(tree: tree)
        state.regions = try cxl.regions()
        state.decoders = try cxl.decoders()
        state.memdevs = try cxl.memdevs()
        let dax = DaxReading(tree: tree)
        state.daxDevices = try dax.devices()
        state.hmemDevices = try dax.hmemDevices()
        state.addRangesOfHmemDevices()
        DaxUsers(tree: tree).fill(&state.daxDevices)
        state.pmem = try PmemReading(tree: tree, modules: state.modules).read()
        state.hmemSettings = HmemSettingsReading(tree: tree, commandLine: state.kernel.commandLine).read()
        state.memory = try MemoryReading(tree: tree).read(around: state)

        let dropIns = try DropInReading(tree: tree).read()
        state.isHeld = dropIns.isHeld
        state.persisted = dropIns.persisted
        let facts = try RememberedFacts.read(from: tree, bootID: state.kernel.bootID)
        if !state.seesDecoders { state.remembered = facts?.decoders }
        state.decodersAsAtBoot = DecoderHistory(state: state, log: lines).find()
        state.kernel.generation = try GenerationFinding(tree: tree, state: state, log: lines).find()
        state.initialProbe = InitialProbeFinding(state: state, log: lines, facts: facts).find()
        if let contradiction = Consistency(state: state, tree: tree).firstContradiction() {
            throw unusable(contradiction)
        }
        if let gap = try Completeness(state: state, tree: tree, log: lines).firstGap() { throw unusable(gap) }
        return state
    }

    /// The error about a reading that can't be of one moment of one machine.
    private func unusable(_ why: String) -> InspectionError {
        guard tree.isLive else {
            return InspectionError(.badCapture, "\(why); record the machine again (daxswitch collect)")
        }
        return InspectionError(.unstable, "the machine changes while it is read: \(why); try again in a moment")
    }

    /// The drop-in of this boot; its name sorts before `modules.softdep`, without which it would not count.
    package static let holdPath = "/run/modprobe.d/00-daxswitch.conf"

    /// The drop-in for the boots to come; its name sorts behind the one of this boot, which can so lift it.
    package static let persistedPath = "/etc/modprobe.d/01-daxswitch.conf"

    /// What every machine has, and every recording of one.
    private static let alwaysThere = ["/proc/iomem", "/proc/sys/kernel/osrelease", "/sys"]

    /// What a recording lacks only where a part of it was lost, or where the machine lacked it too: a kernel without
    /// CONFIG_MODULES has none of the files about modules.
    static let alwaysRecorded = [
        "/proc/cmdline", "/proc/modules", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/modules_disabled",
        "/sys/bus/platform/devices", "/sys/module",
    ]

    /// Finds out early what can't be a machine at all, or not the whole of one.
    private func checkRoot() throws(InspectionError) {
        for path in Self.alwaysThere where !tree.exists(path) {
            if tree.isLive {
                throw InspectionError(.missingFeature, "\(path) is not there: procfs and sysfs must be mounted")
            }
            throw InspectionError(
                .badCapture,
                "\(tree.display(path)) is not there: the directory is no recorded machine (daxswitch collect makes one)"
            )
        }
        let absent = RecordedAbsences(tree: tree).paths
        for path in Self.alwaysRecorded where !tree.isLive && !tree.exists(path) && !absent.contains(path) {
            throw InspectionError(
                .badCapture,
                "\(tree.display(path)) is not there: the recorded machine is not whole; record it again (daxswitch collect)"
            )
        }
    }
}
