import Machine
import Ownership
import Persistence

/// What decides who owns what: the kernel with its rules, the modules, the hold, the next boot. Evidence only if asked for.
func factsText(_ status: MachineStatus, _ detail: Detail, style: Style) -> [Line] {
    let machine = status.machine
    var facts = kernelFacts(machine)
    facts.append(Fact("Modules", modulesText(machine)))
    if machine.isHeld { facts.append(Fact("Hold", "cxl_acpi is blocked")) }
    facts += modprobeFacts(machine) + nextBootFacts(machine)
    let rows = aligned(facts.map { [style.strong(Line($0.name)), Line($0.text)] })
    let lines = zip(rows, facts).flatMap { row, fact in
        [row] + (detail.isVerbose ? fact.evidence : []).flatMap { wrapped($0, indent: 4) }.map(style.faint)
    }
    return lines + pendingEntriesText(machine) + pendingImagesText(status.pendingImages ?? [], BootSystem().builder)
}

private struct Fact {
    let name: String
    let text: String
    let evidence: [String]

    init(_ name: String, _ text: String, _ evidence: [String] = []) {
        self.name = name
        self.text = text
        self.evidence = evidence
    }
}

private func kernelFacts(_ machine: MachineState) -> [Fact] {
    let generation = machine.kernel.generation
    let facts = [
        Fact(
            "Kernel",
            "\(machine.kernel.release), \(generation.value?.rawValue ?? "unknown rules")",
            generation.evidence
        )
    ]
    switch generation.value {
    case .coordinated, .unfixed:
        return facts + [Fact("Initial probe", machine.initialProbe.value.rawValue, machine.initialProbe.evidence)]
    case .allOrNothing:
        let mode = machine.daxCxlMode
        return facts + [Fact("CXL mode", mode.value?.rawValue ?? "unknown", mode.evidence)]
    default: return facts
    }
}

private func modulesText(_ machine: MachineState) -> String {
    let groups = Dictionary(grouping: modulesOfInterest) { machine.modules.state(of: $0) }
    let order: [ModuleStanding] = [.live, .changing, .builtin, .unbound, .absent, .missing, .unknown]
    return order.compactMap { standing in groups[standing].map { "\(standing.words) \($0.joined(separator: " "))" } }
        .joined(separator: "; ")
}

/// What others have told modprobe, which no release lifts.
private func modprobeFacts(_ machine: MachineState) -> [Fact] {
    let sure = machine.modprobe.keptOut.map { ($0.key, "\($0.value) blocks \($0.key)") }
    let doubtful = machine.modprobe.doubtful.map { ($0.key, "\($0.value) may block \($0.key)") }
    return (sure + doubtful).sorted { $0 < $1 }.map { Fact("modprobe", $0.1) }
}

/// Only if the next boot is known to be another than this one, or is persisted.
private func nextBootFacts(_ machine: MachineState) -> [Fact] {
    let differs = NextBoot(of: machine).differs
    guard machine.persisted != nil || differs == true else { return [] }
    return [Fact("Next boot", nextBootText(machine.persisted) + (differs == true ? " (differs from now)" : ""))]
}
