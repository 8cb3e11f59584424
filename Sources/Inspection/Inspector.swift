public import Iomem
public import Machine

/// Reads a `MachineState` from a root directory: `/` for the running machine, or a recorded one.
///
/// Nothing is changed and nothing is decided here.
public struct Inspector: Sendable {
    private let tree: any FileTree
    private let log: any KernelLog

    /// How often a running machine is read anew while it contradicts itself.
    private static let attempts = 4

    /// A reader of the machine below `root`.
    public init(root: String = "/") {
        let tree = DirectoryTree(root: root)
        self.tree = tree
        log = tree.isLive ? RunningKernelLog() : RecordedKernelLog(tree: tree)
    }

    /// A reader of any tree, with the kernel log from any place.
    public init(tree: any FileTree, log: any KernelLog) {
        self.tree = tree
        self.log = log
    }

    /// The machine as it is now.
    ///
    /// The files of a running machine are read one after the other while it may change: a reading that contradicts
    /// itself is made again, a few times.
    /// - Throws: `InspectionError`; for a recorded machine a contradiction is a bad capture.
    public func read() throws(InspectionError) -> MachineState {
        var attempt = 1
        while true {
            let state = try readOnce()
            guard let contradiction = Consistency(state: state, tree: tree).firstContradiction() else { return state }
            guard tree.isLive else { throw InspectionError(.badCapture, contradiction) }
            guard attempt < Self.attempts else {
                throw InspectionError(
                    .unstable,
                    "the machine changes while it is read: \(contradiction); try again in a moment"
                )
            }
            attempt += 1
        }
    }

    /// `/proc/iomem` alone, of one moment, for who waits for a change of it.
    public func readIomem() throws(InspectionError) -> IomemTree { try IomemReading(tree: tree).read() }

    /// What `persist` wrote for the boots to come; nil where nothing is persisted.
    public func readPersisted() throws(InspectionError) -> BootChoice? {
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
        DaxUsers(tree: tree).fill(&state.daxDevices)
        state.pmem = try PmemReading(tree: tree, modules: state.modules).read()
        state.hmemSettings = HmemSettingsReading(tree: tree, commandLine: state.kernel.commandLine).read()
        state.memory = try MemoryReading(tree: tree).read(around: state)

        let dropIns = try DropInReading(tree: tree).read()
        state.isHeld = dropIns.isHeld
        state.persisted = dropIns.persisted
        let facts = try RememberedFacts.read(from: tree, bootID: state.kernel.bootID)
        if !state.seesDecoders { state.remembered = facts?.decoders }
        state.kernel.generation = try GenerationFinding(tree: tree, state: state, log: lines).find()
        state.initialProbe = InitialProbeFinding(tree: tree, state: state, log: lines, facts: facts).find()
        return state
    }

    /// The drop-in of this boot; its name sorts before `modules.softdep`, without which it would not count.
    public static let holdPath = "/run/modprobe.d/00-daxswitch.conf"

    /// The drop-in for the boots to come; its name sorts behind the one of this boot, which can so lift it.
    public static let persistedPath = "/etc/modprobe.d/01-daxswitch.conf"

    /// Finds out early what can't be a machine at all.
    private func checkRoot() throws(InspectionError) {
        for path in ["/proc/iomem", "/proc/sys/kernel/osrelease", "/sys"] where !tree.exists(path) {
            if tree.isLive {
                throw InspectionError(.missingFeature, "\(path) is not there: procfs and sysfs must be mounted")
            }
            throw InspectionError(
                .badCapture,
                "\(tree.display(path)) is not there: the directory is no recorded machine (daxswitch collect makes one)"
            )
        }
    }
}
