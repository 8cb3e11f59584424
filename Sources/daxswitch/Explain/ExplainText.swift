import Machine
import Ownership

/// `explain` for people.
func explainText(_ rules: [Rule], _ hazards: [Hazard.Identifier], style: Style) -> [String] {
    let rulesText = rules.flatMap { rule in
        let generations = Generation.allCases.filter(rule.holds(for:)).map(\.rawValue).joined(separator: ", ")
        return [style.strong(rule.id) + "  (\(generations))"] + wrapped(rule.statement, indent: 4)
            + wrapped(rule.source, indent: 4).map(style.faint)
    }
    let hazardsText = hazards.flatMap { hazard in
        let note = Hazard.acceptable.contains(hazard) ? "  (--accept \(hazard.rawValue) goes ahead all the same)" : ""
        return [style.strong(hazard.rawValue) + note] + wrapped(hazard.meaning, indent: 4)
    }
    let headings = !rules.isEmpty && !hazards.isEmpty
    return (headings ? ["Rules of the kernel", ""] : []) + rulesText + (headings ? ["", "Hazards", ""] : [])
        + hazardsText
}
