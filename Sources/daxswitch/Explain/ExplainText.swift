import Machine
import Ownership

/// `explain WORD` for people: each meaning with its kind, and its source.
func explainText(_ explanation: Explanation, style: Style) -> [Line] {
    let rules = explanation.rules.map { rule in
        let generations = Generation.allCases.filter(rule.holds(for:)).map(\.rawValue).joined(separator: ", ")
        return [style.strong("\(rule.id)") + "  rule of the kernel (\(generations))"]
            + wrapped(rule.statement, indent: 4) + sourceText(rule.source, style)
    }
    let hazards = explanation.hazards.map { hazard in
        let note = hazard.isAcceptable ? "; --accept \(hazard.rawValue) accepts it" : "; it can't be accepted"
        return [style.strong("\(hazard.rawValue)") + "  hazard (\(hazard.severity.rawValue)\(note))"]
            + wrapped(hazard.meaning, indent: 4)
    }
    let findings = explanation.findings.map { finding in
        [style.strong("\(finding.rawValue)") + "  finding (\(finding.severity.rawValue))"]
            + wrapped(finding.meaning, indent: 4)
    }
    let terms = explanation.terms.map { term in
        [style.strong("\(term.word)") + "  \(term.group.kind)"] + wrapped(term.meaning, indent: 4)
            + (term.source.map { sourceText($0, style) } ?? [])
    }
    return Array((terms + hazards + findings + rules).joined(separator: [""]))
}

private func sourceText(_ source: String, _ style: Style) -> [Line] {
    wrapped("Source: \(source)", indent: 4).map(style.faint)
}

/// `explain` without a word: a line for each, by groups, with as much of the meaning as fits.
func explainList(style: Style) -> [Line] {
    let ids: [(heading: String, rows: [(word: String, meaning: String)])] = [
        (Explanation.Group.findings.heading, Finding.Identifier.allCases.map { ($0.rawValue, $0.meaning) }),
        (Explanation.Group.hazards.heading, Hazard.Identifier.allCases.map { ($0.rawValue, $0.meaning) }),
        (Explanation.Group.rules.heading, Rule.all.map { ($0.id, $0.statement) }),
    ]
    let terms = Term.Group.allCases.map { group in
        (heading: group.heading, rows: Glossary.terms.filter { $0.group == group }.map { ($0.word, $0.meaning) })
    }
    let parts = (terms + ids).map { part in
        [style.strong("\(part.heading)")] + listed(part.rows, width: style.width)
    }
    return Array(parts.joined(separator: [""])) + [
        "", "`daxswitch explain WORD` shows the whole meaning and its source.",
    ]
}

/// Words with what fits of their meanings.
private func listed(_ rows: [(word: String, meaning: String)], width: Int) -> [Line] {
    let column = rows.map(\.word.count).max() ?? 0
    return rows.map { row in
        let margin = String(repeating: " ", count: column - row.word.count)
        return Line("  \(row.word)\(margin)  ") + Line(shortened(row.meaning, to: max(width - column - 4, 16)))
    }
}

/// A text, cut after a word if it has more than `width` characters.
func shortened(_ text: String, to width: Int) -> String {
    guard text.count > width else { return text }
    var short = ""
    for word in text.split(separator: " ") {
        guard short.count + word.count + 1 + 3 <= width else { break }
        short += short.isEmpty ? String(word) : " \(word)"
    }
    return short + "..."
}
