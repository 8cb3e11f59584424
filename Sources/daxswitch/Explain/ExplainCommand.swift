import ArgumentParser
import Machine
import Ownership

/// `explain`: what a rule or a hazard means, and where it is known from.
struct ExplainCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain a kernel rule or a hazard; without a name, all of them."
    )

    @Argument(
        help: ArgumentHelp("The id that a plan names.", valueName: "rule|hazard"),
        completion: .list(Rule.all.map(\.id) + Hazard.Identifier.allCases.map(\.rawValue))
    )
    var name: String?

    @OptionGroup var json: JSONOption

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        let rules = Rule.all.filter { name == nil || $0.id == name }
        let hazards = Hazard.Identifier.allCases.filter { name == nil || $0.rawValue == name }
        guard !rules.isEmpty || !hazards.isEmpty else {
            throw Failure(
                .usage,
                code: "unknown-name",
                "there is no rule or hazard \"\(name ?? "")\"; `daxswitch explain` lists them all"
            )
        }
        if wantsJSON {
            Output.print(explainDocument(rules, hazards))
        } else {
            Output.print(explainText(rules, hazards, style: .current))
        }
        return .done
    }
}

/// `explain --json`.
func explainDocument(_ rules: [Rule], _ hazards: [Hazard.Identifier]) -> JSONValue {
    document(
        "explain",
        [
            "rules": .list(
                rules.map { rule in
                    let generations = Generation.allCases.filter(rule.holds(for:))
                    return [
                        "id": .text(rule.id), "statement": .text(rule.statement), "source": .text(rule.source),
                        "generations": JSONValue(generations.map(\.rawValue)),
                    ]
                }
            ),
            "hazards": .list(
                hazards.map { hazard in
                    [
                        "id": .text(hazard.rawValue), "meaning": .text(hazard.meaning),
                        "acceptable": .bool(hazard.isAcceptable),
                    ]
                }
            ),
        ]
    )
}

/// `explain` for people.
func explainText(_ rules: [Rule], _ hazards: [Hazard.Identifier], style: Style) -> [Line] {
    let rulesText = rules.flatMap { rule -> [Line] in
        let generations = Generation.allCases.filter(rule.holds(for:)).map(\.rawValue).joined(separator: ", ")
        return [style.strong("\(rule.id)") + "  (\(generations))"] + wrapped(rule.statement, indent: 4)
            + wrapped(rule.source, indent: 4).map(style.faint)
    }
    let hazardsText = hazards.flatMap { hazard -> [Line] in
        let note: Line = hazard.isAcceptable ? "  (--accept \(hazard.rawValue) goes ahead all the same)" : ""
        return [style.strong("\(hazard.rawValue)") + note] + wrapped(hazard.meaning, indent: 4)
    }
    let headings = !rules.isEmpty && !hazards.isEmpty
    return (headings ? ["Rules of the kernel", ""] : []) + rulesText + (headings ? ["", "Hazards", ""] : [])
        + hazardsText
}
