import Ownership

/// One machine of many: how it stands, how much there is to say, which machine, and what.
func fleetLine(_ entry: FleetEntry, root: String, of command: Fleet.Command, style: Style) -> Line {
    func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
    // Columns of fixed width: the lines are printed before the longest is known.
    let word = Line(padded(entry.result.rawValue, 15))
    let coloured =
        switch entry.result {
        case .changes, .attention: style.careful(word)
        case .nothingToDo, .matches, .ok: style.good(word)
        case .refused, .differs, .broken, .failed: style.bad(word)
        }
    let notes = entry.notes.joined(separator: ", ")
    return coloured + "\(padded(entry.amount, command.amountWidth))\(root)\(notes.isEmpty ? "" : "  \(notes)")"
}

/// The counts over all machines: how they stand, then the findings.
func fleetText(_ tally: FleetTally, of command: Fleet.Command, style: Style) -> [Line] {
    func words(_ by: some Sequence<(String, Int)>) -> String {
        by.sorted { $0.0 < $1.0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
    func bracketed(_ words: String) -> String { words.isEmpty ? "" : " (\(words))" }
    let count = { (result: FleetResult) in tally.results[result, default: 0] }
    let refusals = bracketed(words(tally.refusedBy.map { ($0.key.rawValue, $0.value) }))
    let failed = "\(count(.failed)) failed\(bracketed(words(tally.failedBy.map { ($0.key, $0.value) })))"
    let results =
        switch command {
        case .status: "\(count(.broken)) broken, \(count(.attention)) with notices only, \(count(.ok)) OK, \(failed)"
        case .plan:
            "\(count(.changes)) to change, \(count(.nothingToDo)) with nothing to do, \(count(.refused)) refused\(refusals)"
                + ", \(failed); \(tally.uncertain) not certain"
        case .verify: "\(count(.matches)) as expected, \(count(.differs)) different, \(failed)"
        }
    let findings = words(tally.findings.map { ($0.key.rawValue, $0.value) })
    return [style.strong("\(counted(tally.hosts, "machine"))") + ": \(results)"]
        + wrapped("Findings: \(findings.isEmpty ? "none" : findings)", indent: 0)
}

extension Fleet.Command {
    /// The columns of what an entry counts, with a blank behind it.
    fileprivate var amountWidth: Int {
        switch self {
        case .plan: 10
        case .status: 13
        case .verify: 16
        }
    }
}
