import ArgumentParser
import Machine
import Ownership
import Persistence
import SavedPlan

/// `status`: who owns what now.
struct StatusCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show who owns each Soft Reserved range, and what decides it."
    )

    @OptionGroup var root: RootOption
    @OptionGroup var json: JSONOption

    @Flag(help: "Exit 4 if something is broken: a finding of severity crash, loss or failure.")
    var check = false

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        let machine = try root.read(tellsMaterial: false)
        let unfinished = try root.unfinishedWork(on: machine)
        let images = pendingImages(isPersisted: machine.persisted != nil)
        let findings = machineFindings(of: machine, unfinished: unfinished)
        if wantsJSON {
            Output.print(statusDocument(machine, findings: findings, unfinished: unfinished, pendingImages: images))
        } else {
            Output.print(
                statusText(machine, findings: findings, unfinished: unfinished, pendingImages: images, style: .current)
            )
        }
        return check && Health(findings) == .broken ? .differs : .done
    }

    /// The images that don't have what is persisted; nil if that can't be known, as for a recorded machine.
    ///
    /// If nothing is persisted, only an image that was seen with a choice before may still have it: none is looked into.
    private func pendingImages(isPersisted: Bool) -> [String]? {
        guard root.path == "/" else { return nil }
        let system = BootSystem()
        let images = system.images
        guard !images.isEmpty, let check = try? system.check(images, looksInside: isPersisted) else { return nil }
        return isPersisted || check.hasSeenAny ? check.pending : nil
    }
}

/// `status --json`.
func statusDocument(
    _ machine: MachineState,
    findings: [Finding],
    unfinished: [UnfinishedWork] = [],
    pendingImages: [String]? = nil
) -> JSONValue {
    document(
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
            "health": .text(Health(findings).rawValue),
            "findings": findingMembers(findings),
            "held": .bool(machine.isHeld),
            "unfinished": unfinished.members,
            "material": materialMembers(machine.material),
            "next_boot": nextBootMembers(machine, pendingImages),
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
            "through": JSONValue(owned.through), "use": owned.isOwnerKnown ? .text(owned.use.rawValue) : .null,
            "blocks_online": JSONValue(owned.blocksOnline), "blocks_total": JSONValue(owned.blocksTotal),
        ]
    )
}
