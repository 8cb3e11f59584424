import Machine
import Ownership
import SavedPlan

/// What `plan --next-boot` finds out.
struct NextBootReport {
    let machine: MachineState
    /// The policy that was asked about; nil: what is persisted now.
    let policy: String?
    /// What holds at the next boot; nil is nothing, so the kernel decides.
    let choice: BootChoice?
    let prediction: Prediction
    let hazards: [Hazard]

    /// - Throws: `PersistenceError` if no boot has the result that `policy` wants; `PlanningError`.
    init(_ policy: Policy?, on machine: MachineState, overrides: Overrides = Overrides()) throws {
        self.machine = machine
        self.policy = policy?.name
        choice = try policy.map { try PersistProposal.choice(for: $0, on: machine) } ?? machine.persisted
        let boot = NextBoot(of: machine)
        prediction = try boot.prediction(of: choice, overrides: overrides)
        hazards = choice.map(boot.hazards) ?? []
    }

    /// Whether other drivers own the memory than now; nil where that is not certain.
    var differs: Bool? {
        if prediction.ranges.contains(where: { range in range.ownerNow.map { !range.owners.contains($0) } ?? false }) {
            return true
        }
        let isKnown = prediction.isCertain && prediction.ranges.allSatisfy { $0.ownerNow != nil }
        return isKnown ? false : nil
    }

    /// The choice is persisted now.
    var isPersisted: Bool { choice == machine.persisted }

    /// The command that makes it so; nil where it is so, or where a hazard stands against it.
    var recommendation: String? {
        guard let choice, !isPersisted, hazards.isEmpty else { return nil }
        return machine.persistCommand(choice)
    }
}

/// `plan --next-boot --json`.
func nextBootDocument(_ report: NextBootReport) -> JSONValue {
    let kernel = report.machine.kernel
    return document(
        "next-boot",
        [
            "host": JSONValue(report.machine.host.name), "kernel": .text(kernel.release),
            "policy": JSONValue(report.policy), "choice": JSONValue(report.choice?.rawValue),
            "persisted": JSONValue(report.machine.persisted?.rawValue), "differs": JSONValue(report.differs),
            "certain": .bool(report.prediction.isCertain), "missing_facts": JSONValue(report.prediction.missingFacts),
            "ranges": .form(report.prediction.ranges), "hazards": .form(report.hazards.groups),
            "pending_entries": report.machine.pendingBootEntries.map { JSONValue($0) } ?? .null,
            "recommendation": JSONValue(report.recommendation),
        ]
    )
}

/// `plan --next-boot` for people.
///
/// - Parameter map: The owners now, and below them those after the boot.
func nextBootPlanText(
    _ report: NextBootReport,
    _ map: MapText,
    root: String,
    _ detail: Detail = Detail(),
    style: Style
) -> [Line] {
    let verdict = nextBootVerdict(report, style)
    if detail.isQuiet { return verdict }
    let machine = report.machine
    let host = machine.host.name.map { "\($0), " } ?? ""
    let place = root == "/" ? "this host" : "capture \(root)"
    let sections = [
        verdict + wrapped("\(host)\(machine.kernel.release), \(place)", indent: 2).map(style.faint),
        report.hazards.isEmpty ? [] : hazardsText(report.hazards, style, detail),
        detail.hasMap ? map.lines() : [],
        [style.strong("Owners")] + ownersText(report.prediction, machine, detail, style),
        aligned([[style.strong("Next boot"), Line(nextBootText(report.choice))]]) + pendingEntriesText(machine),
        missingText(report.prediction, detail, style),
    ]
    return Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
}

/// What the next boot comes to, in one sentence, and what to do.
private func nextBootVerdict(_ report: NextBootReport, _ style: Style) -> [Line] {
    let name = report.choice?.rawValue ?? "nothing"
    if !report.hazards.isEmpty {
        let causes = counted(report.hazards.grouped.count, "hazard")
        let words = report.isPersisted ? "DANGEROUS: \(name) is persisted and has \(causes)." : "REFUSED: \(causes)."
        return wrapped("\(words) The fix of each is below.", indent: 0).map(style.bad)
    }
    let what = report.isPersisted ? "\(name) persisted" : "\(name), if persisted"
    let next = report.recommendation.map { " Next: \($0)" } ?? ""
    if report.prediction.isCertain {
        let words = "After the next boot (\(what)): \(changes(report.prediction, report.machine)).\(next)"
        return wrapped(words, indent: 0).map(style.good)
    }
    let fact = report.prediction.missingFacts.first.map { ": \($0)" } ?? ""
    return wrapped("After the next boot (\(what)): not certain\(fact).\(next)", indent: 0).map(style.careful)
}
