import Iomem
import Machine
import Ownership
import Persistence

/// `status` for people: the health and what is wrong, who owns what as a map and as a table, then what decides it.
func statusText(_ status: MachineStatus, _ detail: Detail = Detail(), style: Style) -> [Line] {
    let machine = status.machine
    let health = healthText(status.findings, of: machine, style)
    if detail.isQuiet {
        let heads = Folded(status.findings, detail)
        return health + heads.shown.map { findingHead($0, detail, style) }
            + heads.rest("findings", indent: 0, detail, style)
    }
    let hazards = presentHazards(of: machine)
    let sections = [
        health + findingsText(status.findings, detail, style: style),
        status.awaiting.map { awaitingText($0, style: style) } ?? [],
        materialText(machine.material, detail, style: style), status.unfinished.lines(style),
        detail.hasMap ? statusMap(status, detail, style: style).lines() : [],
        rangesText(machine, detail, style),
        regionsText(machine, detail, style),
        // The map has the windows, too.
        detail.hasMap && !detail.isVerbose ? [] : windowsText(machine, detail, style),
        factsText(status, detail, style: style),
        hazards.isEmpty ? [] : hazardsText(hazards, style, detail),
    ]
    return Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
}

/// The map of `status`.
func statusMap(_ status: MachineStatus, _ detail: Detail, style: Style) -> MapText {
    MapText(status.machine, marks: status.findings.map(MapMark.init), detail, style: style)
}

private func rangesText(_ machine: MachineState, _ detail: Detail, _ style: Style) -> [Line] {
    let ranges = ownedRanges(of: machine)
    guard !ranges.isEmpty else {
        return [style.strong("Ranges"), "  none: this machine has no Soft Reserved memory and no ram region"]
    }
    let hasBlocks = ranges.contains { $0.blocksTotal > 0 }
    let heads = ["ADDRESSES", "SIZE", "OWNER", "DEVICE", "THROUGH", "USE"] + (hasBlocks ? ["ONLINE"] : [])
    let rows = ranges.map { owned in
        RangeRow(
            owned.range,
            shared: [owned.ownerWord, (owned.useIsKnown ? owned.use.rawValue : "-") + memoryNote(owned)]
                + (hasBlocks ? [onlineText(owned)] : []),
            own: [owned.device ?? "-", owned.through ?? "-"]
        )
    }
    return RangeRow.table(rows, heads: heads.map { style.strong(Line($0)) }, detail, style: style)
}

/// How many of its memory blocks are online.
func onlineText(_ owned: OwnedRange) -> String {
    switch owned.blocksOnline {
    case _ where owned.blocksTotal == 0: "-"
    case 0: "none"
    case owned.blocksTotal: "all"
    default: "\(owned.blocksOnline)/\(owned.blocksTotal)"
    }
}

/// What a device of dax_hmem has beyond the memory that was left to drivers: only an HMAT gives it such bytes.
func memoryNote(_ owned: OwnedRange) -> String {
    guard owned.isBeyondMemory else { return "" }
    return switch owned.memory {
    case .softReserved, .decoded: ""
    case .systemRAM: " (System RAM)"
    case .reserved: " (reserved)"
    case .none: " (no memory known)"
    }
}

private func windowsText(_ machine: MachineState, _ detail: Detail, _ style: Style) -> [Line] {
    guard !machine.windows.isEmpty else { return [] }
    let windows = Folded(machine.windows, detail)
    let rows = windows.shown.map { window in
        [
            "\(window.range)", sizeText(window.range.size),
            window.number.map { "CXL Window \($0)" } ?? "(\(window.sources.first ?? "not live"))",
            windowState(window, machine) + (window.isFixed ? ", fixed" : ""),
        ]
    }
    return [style.strong("CXL windows")] + aligned(rows)
        + windows.rest("windows", size: \.range.size, detail, style)
}

private func regionsText(_ machine: MachineState, _ detail: Detail, _ style: Style) -> [Line] {
    let known = Set(machine.regions.map(\.name))
    let others = machine.iomem.entries { name in
        return Region.isName(name)
            && !known.contains(name)
    }
    guard !known.isEmpty || !others.isEmpty else { return [] }
    let lines = others.map {
        RegionEntry(name: $0.name, range: $0.range, state: "only a line in /proc/iomem; not in sysfs")
    }
    let regions = machine.regions.map { region in
        let mode = region.mode == "ram" ? "" : "\(region.mode), "
        return RegionEntry(name: region.name, range: region.range, state: mode + regionState(region, machine))
    }
    let folded = Folded(lines + regions, detail)
    return [style.strong("CXL regions")] + aligned(folded.shown.map(\.cells))
        + folded.rest("regions", size: \.size, detail, style)
}

/// A line of the list of regions.
private struct RegionEntry {
    let name: String
    let range: AddressRange?
    let state: String

    var size: UInt64 { range?.size ?? 0 }
    var cells: [String] { [name, range?.description ?? "-", range == nil ? "-" : sizeText(size), state] }
}

func regionState(_ region: Region, _ machine: MachineState) -> String {
    if machine.lacks(.cxlDevices) {
        return region.assembled ? "committed, assembled" : "only a line in /proc/iomem"
    }
    var words = [region.committed ? "committed" : "not committed"]
    if let locked = region.locked { words.append(locked ? "locked" : "not locked") }
    words.append(region.assembled ? "assembled" : "not assembled")
    return words.joined(separator: ", ")
}
