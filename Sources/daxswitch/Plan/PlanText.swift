import Iomem
import Machine
import Ownership
import SavedPlan

/// `plan` and `predict` for people: the verdict, the hazards, the owners now and afterwards as a map and as a table, the steps,
/// and the verdict again.
///
/// - Parameters:
///   - machine: The machine that the plan is about; nil for one that is not here, of which the plan alone tells.
///   - root: Where the machine was read from; nil leaves the head out, but not for a machine that is not here.
///   - isCarriedOut: The steps are about to be done: to do them is not what comes next.
func planText(
    _ plan: Plan,
    machine: MachineState?,
    root: String? = nil,
    isCarriedOut: Bool = false,
    _ detail: Detail = Detail(),
    style: Style
) -> [Line] {
    let verdict = verdictText(plan, machine, isCarriedOut: isCarriedOut, style)
    let machine = machine?.losing(plan.request.overrides.regions)
    if detail.isQuiet { return verdict }
    let sections = [
        verdict + head(plan, machine, root: root, style),
        plan.hazards.isEmpty ? [] : hazardsText(plan.hazards, accepted: plan.request.accepted, style, detail),
        machine.map { detail.hasMap ? planMapText(plan, $0, detail, style: style) : [] } ?? [],
        [style.strong("Owners")] + ownersText(plan.prediction, machine, detail, style),
        stepsText(plan, machine, detail, style),
        machine.map { roomText(plan, $0) } ?? [],
        notesText(plan.notes, detail, style),
        missingText(plan.prediction, detail, style),
    ]
    let lines = Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
    return plan.isEmpty ? lines : lines + [""] + verdict
}

/// Who owns what now, and below it who does after the steps.
func planMapText(_ plan: Plan, _ machine: MachineState, _ detail: Detail, style: Style) -> [Line] {
    MapText(machine, prediction: plan.prediction, detail, style: style).lines()
}

private func stepsText(_ plan: Plan, _ machine: MachineState?, _ detail: Detail, _ style: Style) -> [Line] {
    guard !plan.isEmpty else { return [] }
    let title = plan.policy.map { "Policy \($0.name): " } ?? ""
    let folded = Folded(plan.steps, detail)
    return [style.strong("\(title)\(counted(plan.steps.count, "step"))")]
        + folded.shown.enumerated().map { "  \($0.offset + 1). \(stepText($0.element, on: machine))" }
        + folded.rest("steps", detail, style)
}

private func notesText(_ notes: [String], _ detail: Detail, _ style: Style) -> [Line] {
    let folded = Folded(notes, above: paragraphLimit, detail)
    return folded.shown.flatMap { wrapped("Note: \(detail.shortened($0))", indent: 2) }
        + folded.rest("notes", detail, style)
}

func missingText(_ prediction: Prediction, _ detail: Detail, _ style: Style) -> [Line] {
    guard !prediction.missingFacts.isEmpty else { return [] }
    let folded = Folded(prediction.missingFacts, above: paragraphLimit, detail)
    return [style.careful("Not certain, because")] + folded.shown.flatMap { wrapped(detail.shortened($0), indent: 2) }
        + folded.rest("", detail, style)
}

/// How much memory changes its owner: `512 GiB cxl → hmem`.
func changes(_ prediction: Prediction, _ machine: MachineState?) -> String {
    let now = machine.map { ownedRanges(of: $0) } ?? []
    let index = RangeIndex(now.map(\.range))
    var sizes: [(way: String, bytes: UInt64)] = []
    for range in prediction.ranges where range.ownerNow.map({ [$0] }) != range.owners {
        let after = range.owners.sorted().map(\.rawValue).joined(separator: " or ")
        let note = memoryNote(of: index.places(overlapping: range.range).map { now[$0] })
        let way = "\(range.ownerNow?.rawValue ?? "unknown") -> \(after)\(note)"
        if let place = sizes.firstIndex(where: { $0.way == way }) {
            sizes[place].bytes = sizes[place].bytes.addingSaturated(range.range.size)
        } else {
            sizes.append((way, range.range.size))
        }
    }
    let words = sizes.map { "\(sizeText($0.bytes)) \($0.way)" }
    return words.isEmpty ? "no owner changes" : words.joined(separator: ", ")
}

/// Which machine, when, and what replaces facts that were found.
private func head(_ plan: Plan, _ machine: MachineState?, root: String?, _ style: Style) -> [Line] {
    if machine != nil && root == nil { return [] }
    let generation = machine.map { " (\($0.kernel.generation.value?.rawValue ?? "unknown rules"))" } ?? ""
    let host = (machine?.host ?? plan.fingerprint.host).name.map { "\($0), " } ?? ""
    let place = root.map { $0 == "/" ? "this boot" : "capture \($0)" } ?? "digest \(plan.documentDigest) checked"
    let options = plan.request.optionWords
    let time = plan.madeAt.map { ", \($0)" } ?? ""
    return wrapped(
        "\(host)\(machine?.kernel.release ?? plan.fingerprint.kernelRelease)\(generation), \(place)\(time)"
            + (options.isEmpty ? "" : "; with \(options)"),
        indent: 2
    ).map(style.faint)
}

extension Plan.Request {
    /// The options that it was made with, but for what is in its policy; empty without any.
    var optionWords: String {
        let hazards = accepted.map(\.rawValue).sorted().flatMap { ["--accept", $0] }
        return (overrides.words + (leavesIdle ? ["--leave-idle"] : []) + hazards).joined(separator: " ")
    }
}

/// Whether the rest of the host can take what is in the memory that a plan takes offline.
private func roomText(_ plan: Plan, _ machine: MachineState) -> [Line] {
    let ranges = plan.steps.filter { $0.verb == .offlineMemory }.compactMap(\.range)
    guard let room = machine.room(toOffline: ranges) else { return [] }
    let hugepages = room.hugepages > 0 ? ", \(sizeText(room.hugepages)) of them huge pages" : ""
    let used =
        room.used == 0
        ? "None of it is in use." : "At most \(sizeText(room.used)) of it is in use and must move\(hugepages)."
    let policy = machine.memory.autoOnline.flatMap { $0 == "offline" ? nil : "auto_online_blocks is \($0)" }
    let causes = [policy].compactMap(\.self) + machine.memory.onliningRules
    let note =
        causes.isEmpty
        ? []
        : wrapped(
            "New memory goes online by itself (\(causes.joined(separator: ", "))). Memory that returns in a different zone "
                + "is moved back.",
            indent: 2
        )
    return [
        "  \(sizeText(room.going)) will go offline. \(used)",
        "  Free elsewhere: \(sizeText(room.elsewhere)), and \(sizeText(room.swapFree)) of swap.",
    ] + note
}

/// Each hazard with its fix; what follows from it is below, in full if all is asked for.
///
/// - Parameter accepted: The kinds that were accepted.
func hazardsText(
    _ hazards: [Hazard],
    accepted: Set<Hazard.Identifier> = [],
    _ style: Style,
    _ detail: Detail = Detail()
) -> [Line] {
    let groups = hazards.grouped
    let word = { (hazard: Hazard) in
        hazard.severity.rawValue + (accepted.contains(hazard.id) ? ", accepted" : "")
    }
    let title = { (hazard: Hazard) -> Line in
        let name = Line(hazard.id.rawValue)
        let marked = accepted.contains(hazard.id) ? style.careful(name) : style.bad(name)
        return Line("  ") + marked + Line(" (\(word(hazard))): \(detail.shortened(subject: hazard.subject))")
    }
    let telling = Telling(
        items: groups.map(\.cause),
        kind: \.id.rawValue,
        fix: \.fix,
        reason: \.why,
        ranges: \.ranges,
        full: { place -> [Line] in
            let (hazard, consequences) = groups[place]
            var lines = [title(hazard)] + wrapped(detail.shortened(ended(hazard.why)), indent: 4)
            lines += wrapped(ended(hazard.fix), after: style.strong("Fix"), indent: 4)
            return lines + consequencesText(consequences, of: hazard, word, detail).map(style.faint)
        },
        brief: { place, other -> Line in
            let alike = other.map { ", as \(detail.shortened(subject: groups[$0].cause.subject)) above" }
            return title(groups[place].cause) + Line(alike ?? "")
        }
    )
    return [style.bad("\(counted(groups.count, "hazard"))")] + telling.lines(detail, style)
}

/// What follows from a hazard: each with its reason if all is asked for, else only the kinds.
private func consequencesText(
    _ consequences: [Hazard],
    of hazard: Hazard,
    _ word: (Hazard) -> String,
    _ detail: Detail
) -> [Line] {
    if detail.isVerbose {
        return consequences.flatMap { one in
            // What has the kind of its cause is the cause again, for other bytes.
            let start = one.id == hazard.id ? "also" : "leads to"
            return wrapped("\(start) \(one.id.rawValue) (\(word(one))): \(ended(one.why))", indent: 6)
        }
    }
    let kinds = consequences.filter { $0.id != hazard.id }.map { "\($0.id.rawValue) (\(word($0)))" }.uniqued()
    return kinds.isEmpty ? [] : wrapped("Leads to \(kinds.joined(separator: ", ")).", indent: 4)
}

func ownersText(
    _ prediction: Prediction,
    _ machine: MachineState?,
    _ detail: Detail,
    _ style: Style
) -> [Line] {
    guard !prediction.ranges.isEmpty else {
        return ["  none: this machine has no Soft Reserved memory and no ram region"]
    }
    let now = machine.map { ownedRanges(of: $0) } ?? []
    let index = RangeIndex(now.map(\.range))
    let rows = prediction.ranges.map { predicted -> RangeRow in
        let changes = predicted.ownerNow.map { [$0] } != predicted.owners
        let rules = predicted.rules.isEmpty ? "" : " [\(predicted.rules.joined(separator: ", "))]"
        return RangeRow(
            predicted.range,
            shared: [
                ownersWords(
                    predicted,
                    from: machine == nil ? nil : index.places(overlapping: predicted.range).map { now[$0] }
                )
            ],
            own: [predicted.through.map { "through \($0)" } ?? ""],
            // Why nothing changes is asked for seldom.
            note: changes || detail.isVerbose
                ? wrapped(detail.shortened(predicted.why) + rules, indent: 4).map(style.faint) : [],
            topic: rules
        )
    }
    return RangeRow.table(rows, detail, style: style)
}

/// The owners that a range has, and the ones that it will have.
///
/// - Parameter now: Who owns its bytes now; nil if only the plan tells.
private func ownersWords(_ predicted: PredictedRange, from now: [OwnedRange]?) -> String {
    let after = predicted.owners.sorted().map(\.rawValue).joined(separator: " or ")
    guard let now else { return "\(predicted.ownerNow?.rawValue ?? "unknown") -> \(after)" }
    let owners = Set(now.filter(\.isOwnerKnown).map(\.owner)).sorted().map(\.rawValue)
    let words = owners + (now.allSatisfy(\.isOwnerKnown) ? [] : ["unknown"])
    let before = words.isEmpty ? Owner.none.rawValue : words.joined(separator: ", ")
    return "\(before) -> \(after)\(memoryNote(of: now))"
}

/// What bytes are that nobody misses: of a range of dax_hmem's that reaches beyond its memory; empty for memory.
private func memoryNote(of ranges: [OwnedRange]) -> String {
    let notes = Set(ranges.map { memoryNote($0) })
    return notes.count == 1 ? notes.first ?? "" : ""
}

/// A step in words.
func stepText(_ step: Step, on machine: MachineState?) -> String {
    let driver = step.module.flatMap { machine?.modules.builtinDriver(of: $0) }
    let devices = driver.map { $0.devices.map(\.name).joined(separator: ", ") + " (built in)" }
    return switch step {
    case .load(let module): devices.map { "bind \(module) to \($0)" } ?? "load \(module)"
    case .unload(let module): devices.map { "unbind \(module) from \($0)" } ?? "unload \(module)"
    case .hold: "hold: block cxl_acpi from loading"
    case .release: "release: allow cxl_acpi to load again"
    case .offlineMemory(let range): "take the memory at \(range) offline (\(sizeText(range.size)))"
    case .restoreUse(let range, let use): "restore the use of \(range): \(use)"
    case .unbindHmem(let range): "unbind dax_hmem from \(range) (\(sizeText(range.size)))"
    case .bindHmem(let range): "bind dax_hmem to \(range) again (\(sizeText(range.size)))"
    case .bindRegion(let range): "bind the region at \(range) to dax_cxl (\(sizeText(range.size)))"
    case .splitDevice(let range): "create a separate dax device for \(range) (\(sizeText(range.size)))"
    case .restoreRegion(let name, let range):
        "create \(name) again\(machine?.layoutToRestore(name, range).map { " over \($0.range) (\(sizeText($0.range.size)))" } ?? "")"
    }
}
