import Iomem
import Machine
import Ownership

/// One line: how a machine with these findings is, and who owns how much.
func healthText(_ findings: [Finding], of machine: MachineState, _ style: Style) -> [Line] {
    let owners = ownersText(machine)
    return [healthLine(findings, machine, style) + (owners.isEmpty ? "" : ". Owners: \(owners)")]
}

private func healthLine(_ findings: [Finding], _ machine: MachineState, _ style: Style) -> Line {
    let count = counted(findings.count, "finding")
    switch Health(findings, of: machine) {
    case .attention where findings.isEmpty:
        return style.careful("Attention: no problem in what was recorded, but who owns memory is not known")
    case .broken: return style.bad("Broken: \(count)")
    case .attention: return style.careful("Attention: \(count)")
    case .ok where machine.lacks(.daxDevices):
        return style.careful("No problem in what was recorded; it does not include the dax devices")
    case .ok: return style.good("\(machine.whyNothingToDecide.map { "OK: nothing to decide: \($0)" } ?? "OK")")
    }
}

/// How much each owner has: `cxl 512 MiB, none 256 MiB`; empty if there is nothing to own.
func ownersText(_ machine: MachineState) -> String {
    let ranges = ownedRanges(of: machine).filter { !$0.isBeyondMemory }
    let owned = Dictionary(grouping: ranges, by: \.ownerWord)
    return (Owner.allCases.map(\.rawValue) + ["unknown"]).compactMap { owner in
        owned[owner].map { ranges in
            let offline = ranges.reduce(UInt64(0)) { $0.addingSaturated($1.offline) }
            return "\(owner) \(sizeText(ranges.map(\.range).totalSize))"
                + (offline == 0 ? "" : " (\(sizeText(offline)) offline)")
        }
    }.joined(separator: ", ")
}

extension OwnedRange {
    /// Bytes of system RAM in memory blocks that are offline.
    fileprivate var offline: UInt64 {
        guard use == .systemRAM, blocksTotal > 0 else { return 0 }
        return range.size / UInt64(blocksTotal) * UInt64(blocksTotal - min(blocksOnline, blocksTotal))
    }
}

/// Which kind of finding, how grave, and about what.
func findingHead(_ finding: Finding, _ detail: Detail, _ style: Style) -> Line {
    let mark = "\(finding.id.rawValue) (\(finding.severity.rawValue))"
    return (finding.severity == .notice ? style.careful("\(mark)") : style.bad("\(mark)"))
        + ": \(detail.shortened(subject: finding.subject))"
}

/// Each finding with its number, what is so, and its fix. Of the evidence there is only what the kernel itself logged, unless all
/// is asked for.
func findingsText(_ findings: [Finding], _ detail: Detail, style: Style) -> [Line] {
    Telling(
        items: findings,
        kind: \.id.rawValue,
        fix: \.fix,
        ranges: \.ranges,
        full: { place -> [Line] in
            let finding = findings[place]
            let evidence = finding.evidence.filter { detail.isVerbose || $0.hasPrefix(kernelLogPrefix) }
            var lines =
                [Line("  \(place + 1). ") + findingHead(finding, detail, style)]
                + wrapped(detail.shortened(finding.what), indent: 4)
            lines += evidence.flatMap { wrapped(detail.shortened($0), indent: 6) }.map(style.faint)
            return lines + wrapped("\(finding.fix).", after: style.strong("Fix"), indent: 4)
        },
        brief: { place, other -> Line in
            let alike = other.map { ", as \($0 + 1)" }
            return Line("  \(place + 1). ") + findingHead(findings[place], detail, style) + Line(alike ?? "")
        }
    ).lines(detail, style)
}

/// What evidence begins with that the kernel itself logged.
private let kernelLogPrefix = "kernel log: "
