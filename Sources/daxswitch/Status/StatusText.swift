import Iomem
import Machine
import Ownership
import Persistence

/// `status` for people.
func statusText(_ status: MachineStatus, style: Style) -> [Line] {
    let machine = status.machine
    let generation = machine.kernel.generation.value?.rawValue ?? "unknown rules"
    var lines = findingsText(status.findings, of: machine, style: style, showsEvidence: true)
    let material = materialText(machine.material, style: style)
    if !material.isEmpty { lines += [""] + material }
    let work = status.unfinished.lines(style)
    if !work.isEmpty { lines += [""] + work }
    if let awaiting = status.awaiting { lines += [""] + awaitingText(awaiting, style: style) }
    lines += ["", style.strong("Kernel") + "  \(machine.kernel.release), \(generation)"]
    lines += machine.kernel.generation.evidence.flatMap { wrapped($0, indent: 8) }.map(style.faint)
    if machine.kernel.generation.value == .coordinated || machine.kernel.generation.value == .unfixed {
        lines.append(style.strong("Initial probe") + "  \(machine.initialProbe.value.rawValue)")
        lines += machine.initialProbe.evidence.flatMap { wrapped($0, indent: 15) }.map(style.faint)
    }
    if machine.kernel.generation.value == .allOrNothing {
        lines.append(style.strong("CXL mode") + "  \(machine.daxCxlMode.value?.rawValue ?? "unknown")")
        lines += machine.daxCxlMode.evidence.flatMap { wrapped($0, indent: 10) }.map(style.faint)
    }
    if machine.isHeld { lines.append(style.strong("Hold") + "  cxl_acpi is kept out") }
    lines += modprobeLines(machine, style: style)
    lines += nextBootLines(machine, style: style)
    lines += pendingEntriesText(machine)
    lines += pendingImagesText(status.pendingImages ?? [], BootSystem().builder)
    lines += ["", style.strong("Modules")] + modulesText(machine)
    lines += ["", style.strong("CXL windows")] + windowsText(machine)
    lines += ["", style.strong("CXL regions")] + regionsText(machine)
    lines += ["", style.strong("Ranges")] + rangesText(machine)
    let hazards = presentHazards(of: machine)
    return hazards.isEmpty ? lines : lines + [""] + hazardsText(hazards, style)
}

/// What others have told modprobe, which no release lifts.
private func modprobeLines(_ machine: MachineState, style: Style) -> [Line] {
    let sure = machine.modprobe.keptOut.map { ($0.key, "\($0.value) keeps \($0.key) out") }
    let doubtful = machine.modprobe.doubtful.map { ($0.key, "\($0.value) may keep \($0.key) out") }
    return (sure + doubtful).sorted { $0 < $1 }.map { style.strong("modprobe") + "  \($0.1)" }
}

/// Only where the next boot is known to be another than this one, or is persisted.
private func nextBootLines(_ machine: MachineState, style: Style) -> [Line] {
    let differs = NextBoot(of: machine).differs
    guard machine.persisted != nil || differs == true else { return [] }
    let now = differs == true ? " (now it is otherwise)" : ""
    return [style.strong("Next boot") + "  \(nextBootText(machine.persisted))\(now)"]
}

private func modulesText(_ machine: MachineState) -> [Line] {
    let groups = Dictionary(grouping: modulesOfInterest) { machine.modules.state(of: $0) }
    let order: [ModuleStanding] = [.live, .changing, .builtin, .unbound, .absent, .missing, .unknown]
    return aligned(
        order.compactMap { standing in
            groups[standing].map { [standing.rawValue, $0.joined(separator: " ")] }
        }
    )
}

private func windowsText(_ machine: MachineState) -> [Line] {
    guard !machine.windows.isEmpty else { return ["  none"] }
    return aligned(
        machine.windows.map { window in
            let name = window.number.map { "CXL Window \($0)" } ?? "(\(window.sources.first ?? "not live"))"
            let isIn = [.live, .builtin].contains(machine.modules.state(of: "cxl_acpi"))
            let state = window.isLive ? "live" : isIn ? "no line in /proc/iomem" : "cxl_acpi is out"
            return ["\(window.range)", sizeText(window.range.size), name, state + (window.isFixed ? ", fixed" : "")]
        }
    )
}

private func regionsText(_ machine: MachineState) -> [Line] {
    let known = Set(machine.regions.map(\.name))
    let others = machine.iomem.entries { name in
        let number = name.utf8.dropFirst("region".utf8.count)
        return name.hasPrefix("region") && !number.isEmpty && number.allSatisfy { (0x30...0x39).contains($0) }
            && !known.contains(name)
    }
    guard !known.isEmpty || !others.isEmpty else { return ["  none"] }
    return aligned(
        others.map { line in
            [
                line.name, "\(line.range)", sizeText(line.range.size), "-",
                "a line in /proc/iomem; sysfs has no such region",
            ]
        }
            + machine.regions.map { region in
                var words = [region.committed ? "committed" : "not committed"]
                if let locked = region.locked { words.append(locked ? "locked" : "not locked") }
                words.append(region.assembled ? "assembled" : "not assembled")
                if machine.lacks(.cxlDevices) {
                    words = [region.assembled ? "committed, assembled" : "a line in /proc/iomem; more is not known"]
                }
                return [
                    region.name, region.range?.description ?? "-", region.range.map { sizeText($0.size) } ?? "-",
                    region.mode, words.joined(separator: ", "),
                ]
            }
    )
}

/// What a device of dax_hmem has beyond the memory that was left to drivers: only an HMAT gives it such bytes.
func memoryNote(_ owned: OwnedRange) -> String {
    guard owned.isBeyondMemory else { return "" }
    return switch owned.memory {
    case .softReserved, .decoded: ""
    case .systemRAM: " (the kernel's own memory)"
    case .reserved: " (reserved)"
    case .none: " (no memory is known here)"
    }
}

private func rangesText(_ machine: MachineState) -> [Line] {
    let ranges = ownedRanges(of: machine)
    guard !ranges.isEmpty else { return ["  none: this machine has no Soft Reserved memory and no ram region"] }
    let rows = ranges.map { owned in
        let blocks =
            owned.blocksTotal > 0
            ? ", \(owned.blocksOnline) of \(owned.blocksTotal) blocks online"
            : owned.use == .systemRAM && !owned.blocksAreKnown ? ", blocks online not known" : ""
        return [
            "\(owned.range)", sizeText(owned.range.size), owned.ownerWord, owned.device ?? "-",
            owned.through ?? "-", (owned.useIsKnown ? owned.use.rawValue + blocks : "-") + memoryNote(owned),
        ]
    }
    return aligned([["ADDRESSES", "SIZE", "OWNER", "DEVICE", "THROUGH", "USE"]] + rows)
}
