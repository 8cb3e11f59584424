internal import Iomem
package import Machine
internal import LinuxSystem

/// Reads a `MachineState` from a root directory: `/` for the running machine, or a recorded one.
///
/// Nothing is changed and nothing is decided here.
package struct Inspector: Sendable {
    private let source: Source
    /// A reading of the running machine, of which any file may hang.
    private let watch: WatchedReading?
    /// The same for a run, which reads it many times.
    private let repeated: RepeatedReading?

    /// Where the machine is read from.
    private enum Source {
        case material(Material)
        /// What `--root` names; it is looked at when the machine is read.
        case path(String)
    }

    /// How often a running machine is read again while it contradicts itself.
    private static let attempts = 4

    /// A reader of the machine below `root`.
    ///
    /// - Parameter isOfRun: It reads many times: one child process is kept for it.
    package init(root: String = "/", isOfRun: Bool = false) {
        let isLive = DirectoryTree(root: root).isLive
        source = isLive ? .material(.thisMachine) : .path(root)
        // The reading of a run may decide whether it can go back: what was only slow is asked again.
        watch = isLive ? WatchedReading(asksAgain: true) : nil
        repeated = isLive && isOfRun ? RepeatedReading(Self.readOnce) : nil
    }

    /// A reader of any tree, with the kernel log from any place.
    package init(tree: any FileTree, log: any KernelLog) {
        self.init(Material(tree: tree, log: log, kind: .machine, oddities: []))
    }

    /// A reader of a machine in any form.
    package init(_ material: Material) {
        source = .material(material)
        watch = nil
        repeated = nil
    }

    private func material(_ wantsMachine: Bool) throws(InspectionError) -> Material {
        switch source {
        case .material(let material): material
        case .path(let path): try wantsMachine ? Material.open(path) : Material.files(in: path)
        }
    }

    /// The machine as it is now.
    ///
    /// The files of a running machine are read one after the other while it may change: a reading that contradicts
    /// itself is made again, a few times.
    /// - Throws: `InspectionError`; for a recorded machine a contradiction is a bad capture. `.notAnswering` if a file of the
    ///   running machine did not answer within 10 s: the process that waits for it is left behind.
    package func read() throws(InspectionError) -> MachineState { try read(with: []).machine }

    /// The machine as `read()` gives it, and single files of the running machine beside it, which the same child process reads.
    ///
    /// - Returns: The bytes by path, nil where the file is absent. A file that can't be read, and those of a recorded machine,
    ///   are left out.
    /// - Throws: As `read()`.
    package func read(
        with paths: [String]
    ) throws(InspectionError) -> (machine: MachineState, files: [String: [UInt8]?]) {
        var attempt = 1
        while true {
            do throws(InspectionError) {
                if let repeated { return try repeated.read(with: paths) }
                return try watched { material throws(InspectionError) in try Self.readOnce(material, paths) }
            } catch {
                guard error.code == .unstable, attempt < Self.attempts else { throw error }
            }
            attempt += 1
        }
    }

    /// What `persist` wrote for the boots to come; nil where nothing is persisted.
    package func readPersisted() throws(InspectionError) -> BootChoice? {
        try watched(wantsMachine: false) { material throws(InspectionError) in
            try DropInReading(tree: material.tree, files: ModprobeFiles(material.tree)).read().persisted
        }
    }

    /// Which boot it is; nil where that is not told.
    package func readBootID() throws(InspectionError) -> String? {
        try watched(wantsMachine: false) { material throws(InspectionError) in
            try KernelReading(tree: material.tree).bootID()
        }
    }

    /// Reads with `body`: on the running machine in a child process first, and here from the answers that it got.
    ///
    /// - Parameter wantsMachine: More than single files is read, so it must be a machine.
    private func watched<Value>(
        wantsMachine: Bool = true,
        _ body: (Material) throws(InspectionError) -> Value
    ) throws(InspectionError) -> Value {
        let material = try material(wantsMachine)
        guard let watch else { return try body(material) }
        // The log never waits. Both readings must see the same one; single files need none.
        let log: any KernelLog = wantsMachine ? material.log.read() : material.log
        return try watch.ask(material.tree) { tree throws(InspectionError) in
            try body(material.with(tree, log))
        }
    }

    /// One reading of a machine, and of single files of the running one.
    static func readOnce(
        _ material: Material,
        _ paths: [String]
    ) throws(InspectionError) -> RepeatedReading.Answer {
        (try readOnce(material), material.tree.isLive ? files(paths, in: material.tree) : [:])
    }

    private static func files(_ paths: [String], in tree: any FileTree) -> [String: [UInt8]?] {
        var files: [String: [UInt8]?] = [:]
        for path in paths {
            // Whoever needs a file that can't be read asks for it again and gets the error.
            do { files.updateValue(try tree.read(path), forKey: path) } catch { continue }
        }
        return files
    }

    private static func readOnce(_ material: Material) throws(InspectionError) -> MachineState {
        let tree = material.tree
        let absentPaths = tree.isLive ? [] : RecordedAbsences(tree: tree).paths
        let isCapture = material.kind == .machine || material.kind == .capture
        try RootCheck(tree: tree, isCapture: isCapture, absentPaths: absentPaths).check()
        let (iomem, remarks) = try IomemReading(tree: tree, isText: material.kind == .text).read()
        let sources = try MachineSources(tree: tree, log: material.log, absentPaths: absentPaths)
        var state = MachineState(kernel: try KernelReading(tree: tree).read(), iomem: iomem)
        state.material.notUnderstood = remarks
        state.material.oddities = material.oddities
        state.material.unrecorded =
            RecordedParts(
                tree: tree,
                absentPaths: absentPaths,
                hasLog: !sources.log.isEmpty,
                isCapture: isCapture
            ).missing
        state.host = HostReading(tree: tree).read()
        state.kernel.showsSoftReserved = !iomem.entries { $0 == "Soft Reserved" }.isEmpty

        let bus = try CxlReading(tree: tree, names: sources.cxlDevices).read()
        state.regions = state.lacks(.cxlDevices) ? IomemDevices(iomem).regions : bus.regions
        state.decoders = bus.decoders
        state.memdevs = bus.memdevs
        let modules = try ModuleReading(
            tree: tree,
            release: state.kernel.release,
            decoders: bus.decoders,
            platformDevices: sources.platformDevices,
            commandLine: state.kernel.commandLine,
            isRecorded: !state.lacks(.modules)
        )
        state.modules = modules.table
        if state.lacks(.modules) { state.modules.addDrivers(in: iomem, tree) }
        state.modprobe = ModprobeReading(sources.modprobe.configuration(isOfNextBoot: false)).settings(modules.table)
        state.modprobe.isRecorded =
            tree.isLive || ModprobeFiles.directories.allSatisfy { tree.exists($0) || absentPaths.contains($0) }

        state.windows = WindowReading(iomem: iomem, fixed: sources.fixedWindows).windows()
        state.softReserved = try SoftReservedReading(
            tree: tree,
            iomem: iomem,
            commandLine: state.kernel.commandLine,
            firmware: sources.firmwareMap,
            logged: sources.log.maps
        ).read()
        let dax = DaxReading(tree: tree, platformDevices: sources.platformDevices)
        state.daxDevices = try state.lacks(.daxDevices) ? IomemDevices(iomem).daxDevices : dax.devices()
        state.hmemDevices = dax.hmemDevices()
        state.addRangesOfHmemDevices()
        DaxUsers(tree: tree, table: sources.processes).fill(&state.daxDevices)
        if state.lacks(.processes) {
            for (index, device) in state.daxDevices.enumerated() {
                state.daxDevices[index].usersAreKnown = device.driver == nil || device.driver == "kmem"
            }
        }
        let pmem = try PmemReading(tree: tree, modules: modules.table, table: sources.processes)
            .read(state.layouts(of: state.regions.filter { $0.committed && $0.mode == "pmem" }))
        (state.pmem, state.pmemRegions, state.pmemLabels) = (pmem.active, pmem.regions, pmem.labels)
        state.hmemSettings = HmemSettingsReading(tree: tree, commandLine: state.kernel.commandLine).read()
        state.memory = try MemoryReading(tree: tree).read(around: state)

        let dropIns = try DropInReading(tree: tree, files: sources.modprobe).read()
        state.isHeld = dropIns.isHeld
        state.holdGap = dropIns.holdGap
        state.persisted = dropIns.persisted
        if state.hasBuiltinCxlAcpi {
            state.bootEntries = BootEntryReading(tree: tree).entries(startedWith: state.kernel.commandLine)
            // Modprobe does not keep out what is part of the kernel image.
            if state.persisted == .hmem && !sources.modprobe.namesBootParameter && !state.nextBootLeavesOutCxlAcpi {
                state.persisted = nil
            }
        }
        let facts = try RememberedFacts.read(from: tree, bootID: state.kernel.bootID)
        for (index, device) in state.hmemDevices.enumerated() where !device.isBound {
            state.hmemDevices[index].rangeWhenBound = facts?.unboundHmem[device.name]
        }
        state.sleeps = DecoderHistoryInference.sleeps(sources)
        // Without power decoders are reset, locked or not.
        if !state.seesDecoders, facts?.sleeps == state.sleeps { state.remembered = facts?.decoders }
        state.decoderHistory = DecoderHistoryInference(state: state, sources: sources).find()
        state.lostRegions = facts?.decoders?.regions.filter(state.hasLost) ?? []
        state.unfinishedRegion = facts?.unfinishedRegion.flatMap { state.leftOver(of: $0) }
        state.lostPmem = facts?.pmem.filter { state.hasLost($0) } ?? []
        state.driverFailures = sources.log.failures
        let configuration = KernelConfiguration(tree: tree, release: state.kernel.release)
        state.softReserveIsOff = try configuration.softReserveIsOff(state)
        state.kernel.keepsLockedDecoders = LockInference(state: state).find()
        let marks = AllOrNothingMarks(state: state, sources: sources, hmemFile: modules.hmemFile)
        let rules = try GenerationInference(
            state: state,
            sources: sources,
            hmemFile: modules.hmemFile,
            marks: marks
        ).find()
        state.kernel.generation = rules.generation
        state.kernel.claimsAwaitMode = rules.claimsAwaitMode
        state.daxCxlMode = DaxCxlModeInference(state: state, log: sources.log).find()
        state.initialProbe = InitialProbeInference(state: state, log: sources.log, facts: facts).find()
        let consistency = Consistency(state: state, tree: tree)
        if let contradiction = consistency.firstContradiction() { throw unusable(contradiction, in: tree) }
        let completeness = Completeness(state: state, daxRegions: bus.daxRegions, sources: sources)
        if let gap = try completeness.firstGap() { throw unusable(gap, in: tree) }
        if !tree.isLive {
            if sources.log.doubtfulLines > 0 {
                state.material.oddities.append(
                    "\(sources.log.doubtfulLines) lines of the kernel log that name a device or a range are ignored: other lines "
                        + "have the same time stamp, and a user may have written one of them"
                )
            }
            state.material.oddities += consistency.oddities() + completeness.oddities()
        }
        return state
    }

    /// The error about a reading that can't be of one moment of one machine.
    private static func unusable(_ why: String, in tree: any FileTree) -> InspectionError {
        guard tree.isLive else {
            return InspectionError(.badCapture, "\(why). Record the machine again (daxswitch collect)")
        }
        return InspectionError(.unstable, "the machine changed while it was read: \(why). Try again in a moment")
    }

    /// The drop-in of this boot; its name sorts before `modules.softdep`, without which it would not count.
    package static let holdPath = "/run/modprobe.d/00-daxswitch.conf"

    /// The udev rule that goes with it.
    package static let holdRulesPath = "/run/udev/rules.d/00-daxswitch.rules"

    /// There from before the first change of a hold or a release until udev heeds the last one.
    package static let holdChangePath = "/run/daxswitch/hold.changing"

    /// The drop-in for the boots to come; its name sorts behind the one of this boot, which can so lift it.
    package static let persistedPath = "/etc/modprobe.d/01-daxswitch.conf"

    /// Parts of the names of symbols that tell which rules a kernel follows.
    package static let tellingSymbols = ["hmem"] + AllOrNothingMarks.symbols

    /// What else a recording needs for what happened before and in this boot.
    package static let historyPaths = [DecoderHistoryInference.loaderPath, DecoderHistoryInference.sleepPath]

    /// What tells in a recording whether kexec works.
    package static let kexecPaths = KernelReading.kexecPaths
}
