import Iomem
import Machine
import Ownership

/// What the plan comes to, and the one command that serves what was asked.
///
/// - Parameter machine: As it was read, without the regions of `--regions-from`: what is broken is counted as `status` does.
func verdictText(_ plan: Plan, _ machine: MachineState?, isCarriedOut: Bool = false, _ style: Style) -> [Line] {
    let next = plan.recommendation.map { command in
        command.hasPrefix("daxswitch persist ") ? "\(command), then reboot" : command
    }
    let causes = counted(plan.openHazards.grouped.count, "hazard")
    let ids = Set(plan.openHazards.grouped.map(\.cause.id.rawValue)).sorted().joined(separator: ", ")
    let words: String
    switch plan.verdict {
    case .nothingToDo:
        words = plan.policy == nil ? "Nothing to do: these steps change nothing" : "Nothing to do: already in effect"
        let faults = machine.map(faultCount) ?? 0
        if faults == 0 { return wrapped(words + ".", indent: 0).map(style.good) }
        return wrapped(
            "\(words). But \(counted(faults, "thing")) on this machine \(faults == 1 ? "is" : "are") broken: run "
                + "daxswitch status.",
            indent: 0
        ).map(style.careful)
    case .safe, .accepted:
        let accepted = Set(plan.hazards.grouped.map(\.cause.id.rawValue)).sorted().joined(separator: ", ")
        // `apply` of a policy takes no --rules; of a saved plan it has them.
        let saved = "save it with --out FILE, then daxswitch apply FILE"
        let start = plan.verdict == .safe ? "Safe" : "Hazards accepted (\(accepted))"
        words =
            "\(start): \(counted(plan.steps.count, "step")), \(changes(plan.prediction, machine))."
            + (isCarriedOut || plan.policy == nil ? "" : " Next: \(next ?? saved)")
        return wrapped(words, indent: 0).map(plan.verdict == .safe ? style.good : style.careful)
    case .refused:
        guard plan.policy != nil else {
            // What crashes or loses memory may only follow from what is told as its cause.
            let grave = plan.openHazards.filter { $0.severity != .failure }.map(\.id.rawValue)
            let words =
                grave.isEmpty
                ? "Fails: \(causes) (\(ids))." : "DANGEROUS: \(Set(grave).sorted().joined(separator: ", "))."
            return wrapped(words, indent: 0).map(style.bad)
        }
        // Beside hazards that were accepted, nothing else would tell which one refuses the plan.
        let open = plan.openHazards.count < plan.hazards.count ? " not accepted (\(ids))" : ""
        words =
            "REFUSED: \(causes)\(open)" + (next.map { ". Instead, run: \($0)" } ?? (open.isEmpty ? " (\(ids))." : "."))
        return wrapped(words, indent: 0).map(style.bad)
    case .uncertain:
        let missing = plan.prediction.missingFacts.first.map { "who will own the memory is not known: \($0)" }
        words =
            "Uncertain: \(missing ?? "who should own the memory is not known: see \(ids)")."
            + (next.map { " Instead, run: \($0)" } ?? "")
        return wrapped(words, indent: 0).map(style.careful)
    }
}

/// How much is broken on a machine, also if a policy is in effect there.
func faultCount(of machine: MachineState) -> Int {
    findings(of: machine) { [] }.count { $0.severity != .notice }
}
