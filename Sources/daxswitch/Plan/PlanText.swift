import Iomem
import Machine
import Ownership

/// `plan` and `predict` for people: the steps, each range from its owner now to the one predicted, and the hazards.
func planText(_ plan: Plan, machine: MachineState, style: Style) -> [Line] {
    let title = plan.policy.map { "Policy \($0.name): " } ?? ""
    var lines: [Line]
    if plan.isEmpty {
        let nothing = title.isEmpty ? "these steps change nothing" : "what is wanted holds already, nothing to do"
        lines = ["\(title)\(nothing)"]
    } else {
        lines = [style.strong("\(title)\(counted(plan.steps.count, "step"))")]
        lines += plan.steps.enumerated().map { "  \($0.offset + 1). \(sentence($0.element))" }
    }
    lines += roomText(plan, machine)
    lines += ["", style.strong("Owners")] + ownersText(plan.prediction, machine, style)
    if !plan.prediction.missingFacts.isEmpty {
        lines += ["", style.careful("Not certain, because")]
        lines += plan.prediction.missingFacts.flatMap { wrapped($0, indent: 2) }
    }
    if !plan.hazards.isEmpty {
        lines += [""] + hazardsText(plan.hazards, style)
    }
    return lines
}

/// Whether the rest of the host can take what is in the memory that a plan takes offline.
private func roomText(_ plan: Plan, _ machine: MachineState) -> [Line] {
    let ranges = plan.steps.filter { $0.verb == .offlineMemory }.compactMap(\.range)
    guard let room = machine.room(toOffline: ranges) else { return [] }
    let hugepages = room.hugepages > 0 ? ", \(mebibytes(room.hugepages)) of them huge pages" : ""
    let policy = machine.memory.autoOnline.flatMap { $0 == "offline" ? nil : "auto_online_blocks is \($0)" }
    let causes = [policy].compactMap(\.self) + machine.memory.onliningRules
    let note =
        causes.isEmpty
        ? []
        : wrapped(
            "New memory goes online by itself (\(causes.joined(separator: ", "))): what comes back in another zone than it "
                + "had is moved to that.",
            indent: 2
        )
    return [
        "",
        "  \(mebibytes(room.going)) go offline; at most \(mebibytes(room.used)) are in use and move\(hugepages).",
        "  Elsewhere \(mebibytes(room.elsewhere)) are available, and \(mebibytes(room.swapFree)) of swap.",
    ] + note
}

/// Each hazard with its way out.
func hazardsText(_ hazards: [Hazard], _ style: Style) -> [Line] {
    var lines = [style.bad("\(counted(hazards.count, "hazard"))")]
    for hazard in hazards {
        lines.append("  " + style.bad("\(hazard.id.rawValue)") + " (\(hazard.severity.rawValue)): \(hazard.subject)")
        lines += wrapped(hazard.why, indent: 4)
        lines += wrapped("Way out: \(hazard.wayOut)", indent: 4)
    }
    return lines
}

private func ownersText(_ prediction: Prediction, _ machine: MachineState, _ style: Style) -> [Line] {
    guard !prediction.ranges.isEmpty else {
        return ["  none: this machine has no Soft Reserved memory and no ram region"]
    }
    let now = ownedRanges(of: machine)
    let index = RangeIndex(now.map(\.range))
    let rows = aligned(
        prediction.ranges.map { range in row(range, from: index.places(overlapping: range.range).map { now[$0].owner })
        }
    )
    var lines: [Line] = []
    for (row, predicted) in zip(rows, prediction.ranges) {
        let rules = predicted.rules.isEmpty ? "" : " [\(predicted.rules.joined(separator: ", "))]"
        lines.append(row)
        lines += wrapped(predicted.why + rules, indent: 4).map(style.faint)
    }
    return lines
}

/// One range: from the owners it has to the ones it will have.
private func row(_ predicted: PredictedRange, from now: [Owner]) -> [String] {
    let owners = Set(now).sorted()
    let before = owners.isEmpty ? Owner.none.rawValue : owners.map(\.rawValue).joined(separator: ", ")
    let after = predicted.owners.sorted().map(\.rawValue).joined(separator: " or ")
    let through = predicted.through.map { "through \($0)" } ?? ""
    return ["\(predicted.range)", sizeText(predicted.range.size), "\(before) -> \(after)", through]
}

/// A step in words.
private func sentence(_ step: Step) -> String {
    switch step {
    case .load(let module): "load \(module)"
    case .unload(let module): "unload \(module)"
    case .hold: "hold: keep cxl_acpi from being loaded"
    case .release: "release: let cxl_acpi be loaded again"
    case .offlineMemory(let range): "take the memory at \(range) offline (\(sizeText(range.size)))"
    case .restoreUse(let range, let use): "put \(range) to the use it had: \(use)"
    }
}
