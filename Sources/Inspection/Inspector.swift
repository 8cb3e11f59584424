internal import Iomem
package import Machine
internal import LinuxSystem

/// Reads a `MachineState` from a root directory: `/` for the running machine, or a recorded one.
///
/// Nothing is changed and nothing is decided here.
package struct Inspector: Sendable {
    private let tree: any FileTree
    private let log: any KernelLog
    /// A reading of the running machine, of which any file may hang.
    private let watch: WatchedReading?

    /// How often a running machine is read anew while it contradicts itself.
    private static let attempts = 4

    /// A reader of the machine below `root`.
    package init(root: String = "/") {
        let tree = DirectoryTree(root: root)
        self.tree = tree
        log = tree.isLive ? RunningKernelLog() : RecordedKernelLog(tree: tree)
        watch = tree.isLive ? WatchedReading() : nil
    }

    /// A reader of any tree, with the kernel log from any place.
    package init(tree: any FileTree, log: any KernelLog) {
        self.tree = tree
        self.log = log
        watch = nil
    }

    /// The machine as it is now.
    ///
    /// The files of a running machine are read one after the other while it may change: a reading that contradicts
    /// itself is made again, a few times.
    /// - Throws: `InspectionError`; for a recorded machine a contradiction is a bad capture. `.notAnswering` if a file of the
    ///   running machine did not answer within 10 s: the process that waits for it is left behind.
    package func read() throws(InspectionError) -> MachineState {
        var attempt = 1
        while true {
            do throws(InspectionError) {
                return try watched { inspector throws(InspectionError) in try inspector.readOnce() }
            } catch {
                guard error.code == .unstable, attempt < Self.attempts else { throw error }
            }
            attempt += 1
        }
    }

    /// What `persist` wrote for the boots to come; nil where nothing is persisted.
    package func readPersisted() throws(InspectionError) -> BootChoice? {
        try watched { inspector throws(InspectionError) in
            try DropInReading(tree: inspector.tree, files: ModprobeFiles(inspector.tree)).read().persisted
        }
    }

    /// Which boot it is; nil where that is not told.
    package func readBootID() throws(InspectionError) -> String? {
        try watched { inspector throws(InspectionError) in try KernelReading(tree: inspector.tree).bootID() }
    }

    /// Reads with `body`: on the running machine in a child process first, and here from the answers that it got.
    private func watched<Value>(
        _ body: (Inspector) throws(InspectionError) -> Value
    ) throws(InspectionError) -> Value {
        guard let watch else { return try body(self) }
        // The log never waits. Both readings must see the same one.
        let log = ReadKernelLog(log)
        let bytes: [UInt8]
        do {
            bytes = try watch.answer { note in
                let answers = AnswerLog(of: WatchedTree(tree, noting: note))
                // What it throws is thrown again below.
                _ = try? body(Inspector(tree: answers, log: log))
                return answers.bytes
            }
        } catch {
            if let failure = InspectionError(error) { throw failure }
            // Without a child it can only be read here.
            return try body(self)
        }
        guard let answers = AnsweredTree(bytes, of: tree) else {
            throw InspectionError(.unstable, "the machine was not read whole; try again in a moment")
        }
        return try body(Inspector(tree: answers, log: log))
    }

    private func readOnce() throws(InspectionError) -> MachineState {
        let absentPaths = tree.isLive ? [] : RecordedAbsences(tree: tree).paths
        try RootCheck(tree: tree, absentPaths: absentPaths).check()
        let iomem = try IomemReading(tree: tree).read()
        var state = MachineState(kernel: try KernelReading(tree: tree).read(), iomem: iomem)
        state.host = HostReading(tree: tree).read()
        state.kernel.showsSoftReserved = !iomem.entries { $0 == "Soft Reserved" }.isEmpty
        let sources = try MachineSources(tree: tree, log: log, absentPaths: absentPaths)

        let bus = try CxlReading(tree: tree, names: sources.cxlDevices).read()
        state.regions = bus.regions
        state.decoders = bus.decoders
        state.memdevs = bus.memdevs
        let modules = try ModuleReading(tree: tree, release: state.kernel.release, decoders: bus.decoders)
        state.modules = modules.table
        state.modprobe = ModprobeReading(sources.modprobe.configuration(isOfNextBoot: false)).settings(modules.table)

        state.windows = WindowReading(iomem: iomem, fixed: sources.fixedWindows).windows()
        state.softReserved = try SoftReservedReading(
            tree: tree,
            iomem: iomem,
            commandLine: state.kernel.commandLine,
            firmware: sources.firmwareMap,
            logged: sources.log.maps
        ).read()
        let dax = DaxReading(tree: tree, platformDevices: sources.platformDevices)
        state.daxDevices = try dax.devices()
        state.hmemDevices = dax.hmemDevices()
        state.addRangesOfHmemDevices()
        DaxUsers(tree: tree, table: sources.processes).fill(&state.daxDevices)
        state.pmem = try PmemReading(tree: tree, modules: modules.table, table: sources.processes).read()
        state.hmemSettings = HmemSettingsReading(tree: tree, commandLine: state.kernel.commandLine).read()
        state.memory = try MemoryReading(tree: tree).read(around: state)

        let dropIns = try DropInReading(tree: tree, files: sources.modprobe).read()
        state.isHeld = dropIns.isHeld
        state.holdGap = dropIns.holdGap
        state.persisted = dropIns.persisted
        let facts = try RememberedFacts.read(from: tree, bootID: state.kernel.bootID)
        state.sleeps = DecoderHistoryFinding.sleeps(sources)
        // Without power decoders are reset, locked or not.
        if !state.seesDecoders, facts?.sleeps == state.sleeps { state.remembered = facts?.decoders }
        state.decoderHistory = DecoderHistoryFinding(state: state, sources: sources).find()
        state.lostRegions = facts?.decoders?.regions.filter(state.hasLost) ?? []
        state.driverFailures = sources.log.failures
        state.softReserveIsOff = try KernelConfiguration(tree: tree, release: state.kernel.release).softReserveIsOff(
            state
        )
        state.kernel.generation = try GenerationInference(
            state: state,
            sources: sources,
            hmemFile: modules.hmemFile
        ).find()
        state.initialProbe = InitialProbeInference(state: state, log: sources.log, facts: facts).find()
        if let contradiction = Consistency(state: state, tree: tree).firstContradiction() {
            throw unusable(contradiction)
        }
        let gap = try Completeness(state: state, daxRegions: bus.daxRegions, sources: sources).firstGap()
        if let gap { throw unusable(gap) }
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

    /// The udev rule that goes with it.
    package static let holdRulesPath = "/run/udev/rules.d/00-daxswitch.rules"

    /// There from before the first change of a hold or a release until udev heeds the last one.
    package static let holdChangePath = "/run/daxswitch/hold.changing"

    /// The drop-in for the boots to come; its name sorts behind the one of this boot, which can so lift it.
    package static let persistedPath = "/etc/modprobe.d/01-daxswitch.conf"

    /// What else a recording needs for what happened before and in this boot.
    package static let historyPaths = [DecoderHistoryFinding.loaderPath, DecoderHistoryFinding.sleepPath]
}
