import Iomem
import Machine

extension Diff {
    /// Findings are the same if they are of one kind about the same bytes, or about the same subject if they are about none.
    mutating func compareFindings(
        _ a: (machine: MachineState, found: [Finding]),
        _ b: (machine: MachineState, found: [Finding])
    ) {
        let (ours, others) = (a.found.map(Identity.init), b.found.map(Identity.init))
        let (inA, inB) = (Set(ours), Set(others))
        for (finding, identity) in zip(a.found, ours) where !inB.contains(identity) {
            note(finding, Told(finding.severity.rawValue), Self.missing(finding, on: b.machine))
        }
        for (finding, identity) in zip(b.found, others) where !inA.contains(identity) {
            note(finding, Self.missing(finding, on: a.machine), Told(finding.severity.rawValue))
        }
    }

    mutating func note(_ finding: Finding, _ a: Told, _ b: Told) {
        note(.finding, id: finding.id.rawValue, finding.subject, a, b, over: finding.ranges.first)
    }

    /// A finding that a machine does not have, unless its material lacks what would show it.
    private static func missing(_ finding: Finding, on machine: MachineState) -> Told {
        finding.id.restsOn.isDisjoint(with: machine.material.unrecorded) ? Told(nil) : .unknown
    }

    private struct Identity: Hashable {
        let id: Finding.Identifier
        let ranges: [AddressRange]
        let subject: String?

        init(_ finding: Finding) {
            id = finding.id
            ranges = finding.ranges.merged()
            subject = ranges.isEmpty ? finding.subject : nil
        }
    }
}

extension Finding.Identifier {
    /// The parts of a machine without which nothing shows that there is such a finding.
    fileprivate var restsOn: Set<MaterialReport.Part> {
        switch self {
        case .doubleClaim, .noOwner, .leaked: [.daxDevices]
        case .undecoded: [.daxDevices, .cxlDevices, .acpiTables]
        case .regionNotAssembled: [.cxlDevices]
        case .regionLost: [.cxlDevices]
        case .unbindable, .hmemOverRegion: [.daxDevices, .cxlDevices]
        case .driverRefused: [.kernelLog, .daxDevices]
        case .halfDone: []
        case .firmwareSystemRAM: [.acpiTables, .firmwareMap]
        case .softReserveOff: [.commandLine]
        case .capacityLost, .autoOnline: [.memoryBlocks, .daxDevices]
        case .held: [.moduleSettings]
        }
    }
}
