import ArgumentParser
import Machine
import Ownership
import Persistence
import SavedPlan

/// `status`: who owns what now.
struct StatusCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "status",
        _superCommandName: Daxswitch.name,
        abstract: "Show who owns each Soft Reserved range, and why.",
        discussion: """
            With several --root: one line for each machine, in order, and a summary; with --check the exit code is the most \
            severe of all machines.
            """
    )

    @OptionGroup var roots: RootsOption
    @OptionGroup var format: FormatOptions
    @OptionGroup var detail: DetailOptions
    @OptionGroup var colour: ColourOption

    @Flag(help: "Exit 4 if something is broken: a finding of severity crash, loss or failure.")
    var check = false

    @Flag(help: "Show the status again whenever it changes, until Ctrl-C.")
    var follow = false

    var wantsJSON: Bool { format.wantsJSON }
    var isOneReading: Bool { roots.single == .running && !follow }

    func validate() throws {
        try format.validate(roots)
        guard follow else { return }
        if !roots.arguments.isEmpty {
            throw ValidationError("--follow and --root exclude each other: a recorded machine does not change")
        }
        if wantsJSON { throw ValidationError("--follow and --json exclude each other: run `status --json` again") }
        if format.format == .svg { throw ValidationError("--follow and --format svg exclude each other: choose one") }
        if check { throw ValidationError("--follow and --check exclude each other: choose one") }
    }

    func execute() throws -> ExitStatus {
        guard let root = roots.single else {
            return try Fleet(.status, wantsJSON: wantsJSON, style: colour.style).run(over: roots) { root, entry in
                let status = try MachineStatus(root)
                if !wantsJSON { status.machine.material.complain(about: root.path) }
                describe(status, &entry)
            }
        }
        if follow {
            try Follow(read: { try MachineStatus(.running) }, text: lines).run()
            return .done
        }
        let status = try MachineStatus(root)
        print(status)
        return self.status(of: status)
    }

    private func print(_ status: MachineStatus) {
        switch format.format {
        case _ where wantsJSON: Output.print(statusDocument(status))
        case .svg:
            let picture = MapPicture(status.machine, marks: status.findings.map(MapMark.init))
            Output.print(whole: picture.svg(title: pictureTitle(status.machine)))
        // A line of one finding is for grep(1).
        default: Output.print(lines(status), isWhole: detail.quiet && format.format != .map)
        }
    }

    /// For people, on the terminal as it is now.
    private func lines(_ status: MachineStatus) -> [Line] {
        let detail = format.detail(detail)
        return format.format == .map
            ? statusMap(status, detail, style: colour.style).lines(namesMarks: true)
            : statusText(status, detail, style: colour.style)
    }

    private func describe(_ status: MachineStatus, _ entry: inout FleetEntry) {
        entry.note(status.findings, of: status.machine)
        entry.result = FleetResult(status.health)
        entry.amount = status.findings.isEmpty ? "" : counted(status.findings.count, "finding")
        entry.notes = Set(status.findings.map(\.id.rawValue)).sorted()
        entry.document = statusDocument(status)
        entry.status = self.status(of: status)
    }

    private func status(of status: MachineStatus) -> ExitStatus {
        check && status.health == .broken ? .differs : .done
    }
}

/// What `status` reads and finds.
struct MachineStatus {
    let machine: MachineState
    let findings: [Finding]
    let health: Health
    /// What an earlier run has left half done, or one does just now.
    let unfinished: [UnfinishedWork]
    /// The images that don't have what is persisted; nil if that can't be known, as for a recorded machine.
    let pendingImages: [String]?
    /// A run that is rolled back unless somebody confirms it.
    var awaiting: Awaiting?

    init(
        machine: MachineState,
        findings: [Finding],
        unfinished: [UnfinishedWork] = [],
        pendingImages: [String]? = nil,
        awaiting: Awaiting? = nil
    ) {
        self.machine = machine
        self.findings = findings
        health = Health(findings, of: machine)
        self.unfinished = unfinished
        self.pendingImages = pendingImages
        self.awaiting = awaiting
    }

    /// Reads the machine at `root`.
    init(_ root: MachineRoot) throws {
        let (machine, system) = try root.readWithSystem(tellsMaterial: false)
        let unfinished = try root.unfinishedWork(on: machine, with: system)
        self.init(
            machine: machine,
            findings: machineFindings(of: machine, unfinished: unfinished),
            unfinished: unfinished,
            pendingImages: root.isRunning ? Self.pendingImages(on: system, isPersisted: machine.persisted != nil) : nil,
            awaiting: try root.awaitedConfirmation(on: machine)
        )
    }

    /// If nothing is persisted, only an image that was seen with a choice before may still have it: none is looked into.
    private static func pendingImages(on system: BootSystem, isPersisted: Bool) -> [String]? {
        guard isPersisted || system.hasRecord else { return nil }
        let images = system.images
        guard !images.isEmpty, let check = try? system.check(images, looksInside: isPersisted) else { return nil }
        return isPersisted || check.hasSeenAny ? check.pending : nil
    }
}

/// `status --json`.
func statusDocument(_ status: MachineStatus) -> JSONValue {
    let machine = status.machine
    return document(
        "status",
        [
            "kernel": [
                "release": .text(machine.kernel.release),
                "generation": JSONValue(machine.kernel.generation.value?.rawValue),
                "evidence": JSONValue(machine.kernel.generation.evidence),
            ],
            "modules": .object(
                Dictionary(
                    modulesOfInterest.map { ($0, .text(machine.modules.state(of: $0).rawValue)) }
                ) { first, _ in first }
            ),
            "initial_probe": .text(machine.initialProbe.value.rawValue),
            "initial_probe_evidence": JSONValue(machine.initialProbe.evidence),
            "dax_cxl_mode": JSONValue(machine.daxCxlMode.value?.rawValue),
            "dax_cxl_mode_evidence": JSONValue(machine.daxCxlMode.evidence),
            "health": .text(status.health.rawValue),
            "findings": findingMembers(status.findings),
            "held": .bool(machine.isHeld),
            "unfinished": status.unfinished.members,
            "awaiting_confirmation": status.awaiting?.members ?? .null,
            "material": materialMembers(machine.material),
            "next_boot": nextBootMembers(machine, status.pendingImages),
            "soft_reserved": .list(
                machine.softReserved.map { rangeMembers($0.range, ["sources": JSONValue($0.sources)]) }
            ),
            "windows": .list(machine.windows.map(windowMembers)),
            "regions": .list(machine.regions.map { regionMembers($0, isRecorded: !machine.lacks(.cxlDevices)) }),
            "ranges": .list(ownedRanges(of: machine).map(ownedRangeMembers)),
            "hazards": .form(presentHazards(of: machine)),
        ]
    )
}

private func windowMembers(_ window: Window) -> JSONValue {
    rangeMembers(
        window.range,
        [
            "number": JSONValue(window.number), "live": .bool(window.isLive), "fixed": .bool(window.isFixed),
            "sources": JSONValue(window.sources),
        ]
    )
}

private func regionMembers(_ region: Region, isRecorded: Bool) -> JSONValue {
    rangeMembers(
        region.range,
        [
            "name": .text(region.name), "mode": .text(region.mode),
            // A line of iomem without a device in it says neither.
            "committed": JSONValue(isRecorded || region.committed ? region.committed : nil),
            "locked": JSONValue(region.locked),
            "assembled": JSONValue(isRecorded || region.assembled ? region.assembled : nil),
        ]
    )
}

private func ownedRangeMembers(_ owned: OwnedRange) -> JSONValue {
    rangeMembers(
        owned.range,
        [
            "owner": owned.isOwnerKnown ? .text(owned.owner.rawValue) : .null, "device": JSONValue(owned.device),
            "memory": .text(owned.memory.rawValue), "through": JSONValue(owned.through),
            "use": owned.useIsKnown ? .text(owned.use.rawValue) : .null,
            "blocks_online": JSONValue(owned.blocksAreKnown ? owned.blocksOnline : nil),
            "blocks_total": JSONValue(owned.blocksAreKnown ? owned.blocksTotal : nil),
        ]
    )
}
