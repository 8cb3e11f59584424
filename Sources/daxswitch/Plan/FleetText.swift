import Ownership

/// One machine of many: what the plan comes to, how many steps, which machine, and what stands in the way.
func fleetLine(_ plan: Plan, root: String, style: Style) -> Line {
    let result = FleetResult(plan)
    var notes = Set(plan.hazards.grouped.map(\.cause.id.rawValue)).sorted()
    if !plan.prediction.isCertain { notes.append("not certain") }
    let steps = plan.isEmpty ? "" : counted(plan.steps.count, "step")
    return row(result, steps, root, notes.joined(separator: ", "), style)
}

/// One machine of many, for which nothing could be planned.
func fleetLine(_ failure: Failure, root: String, style: Style) -> Line {
    row(.failed, "", root, "\(failure.message) (\(failure.status.rawValue))", style)
}

/// The counts over all machines.
func fleetText(_ tally: FleetTally, style: Style) -> [Line] {
    func counts(_ by: some Sequence<(String, Int)>) -> String {
        let words = by.sorted { $0.0 < $1.0 }.map { "\($0.0) \($0.1)" }
        return words.isEmpty ? "" : " (\(words.joined(separator: ", ")))"
    }
    let count = { (result: FleetResult) in tally.results[result, default: 0] }
    let refusals = counts(tally.refusedBy.map { ($0.key.rawValue, $0.value) })
    let failures = counts(tally.failedBy.map { ($0.key, $0.value) })
    return [
        "",
        style.strong("\(counted(tally.hosts, "machine"))") + ": \(count(.changes)) to change, "
            + "\(count(.nothingToDo)) with nothing to do, \(count(.refused)) refused\(refusals)"
            + ", \(count(.failed)) failed\(failures); \(tally.uncertain) not certain",
    ]
}

/// Columns of fixed width come first: the lines are printed before the longest is known.
private func row(_ result: FleetResult, _ steps: String, _ root: String, _ note: String, _ style: Style) -> Line {
    func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
    let word = Line(padded(result.rawValue, 15))
    let coloured =
        switch result {
        case .changes: style.careful(word)
        case .nothingToDo: style.good(word)
        case .refused, .failed: style.bad(word)
        }
    return coloured + "\(padded(steps, 10))\(root)\(note.isEmpty ? "" : "  \(note)")"
}
