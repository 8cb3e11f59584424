import ArgumentParser
import Machine
import Ownership

/// `explain`: what a rule, a hazard or a finding means, and where it is known from.
struct ExplainCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain a kernel rule, a hazard or a finding; without a name, all of them."
    )

    @Argument(
        help: ArgumentHelp("The id that a plan or status names.", valueName: "rule|hazard|finding"),
        completion: .list(ExplainCommand.names)
    )
    var name: String?

    @OptionGroup var json: JSONOption
    @OptionGroup var colour: ColourOption

    var wantsJSON: Bool { json.isOn }

    static let names: [String] = {
        let ids = Rule.all.map(\.id) + Hazard.Identifier.allCases.map(\.rawValue)
        return ids + Finding.Identifier.allCases.map(\.rawValue).filter { !ids.contains($0) }
    }()

    func execute() throws -> ExitStatus {
        let findings = Finding.Identifier.allCases.filter { name == nil || $0.rawValue == name }
        let rules = Rule.all.filter { name == nil || $0.id == name }
        let hazards = Hazard.Identifier.allCases.filter { name == nil || $0.rawValue == name }
        if let name, rules.isEmpty && hazards.isEmpty && findings.isEmpty {
            throw Failure(
                .usage,
                code: "unknown-name",
                "there is no rule, hazard or finding \"\(name)\".\(suggestion(for: name, in: Self.names)) "
                    + "`daxswitch explain` lists them all"
            )
        }
        if wantsJSON {
            Output.print(explainDocument(rules, hazards, findings))
        } else {
            Output.print(explainText(rules, hazards, findings, style: colour.style))
        }
        return .done
    }
}

/// `explain --json`.
func explainDocument(
    _ rules: [Rule],
    _ hazards: [Hazard.Identifier],
    _ findings: [Finding.Identifier]
) -> JSONValue {
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
            "findings": .list(
                findings.map { finding in
                    [
                        "id": .text(finding.rawValue), "meaning": .text(finding.meaning),
                        "severity": .text(finding.severity.rawValue),
                    ]
                }
            ),
        ]
    )
}

/// `explain` for people.
func explainText(
    _ rules: [Rule],
    _ hazards: [Hazard.Identifier],
    _ findings: [Finding.Identifier],
    style: Style
) -> [Line] {
    let rulesText = rules.flatMap { rule -> [Line] in
        let generations = Generation.allCases.filter(rule.holds(for:)).map(\.rawValue).joined(separator: ", ")
        return [style.strong("\(rule.id)") + "  (\(generations))"] + wrapped(rule.statement, indent: 4)
            + wrapped(rule.source, indent: 4).map(style.faint)
    }
    let hazardsText = hazards.flatMap { hazard -> [Line] in
        let note: Line = hazard.isAcceptable ? "  (--accept \(hazard.rawValue) goes ahead all the same)" : ""
        return [style.strong("\(hazard.rawValue)") + note] + wrapped(hazard.meaning, indent: 4)
    }
    let findingsText = findings.flatMap { finding in
        [style.strong("\(finding.rawValue)") + "  (\(finding.severity.rawValue))"] + wrapped(finding.meaning, indent: 4)
    }
    let parts: [(heading: Line, lines: [Line])] = [
        ("Rules of the kernel", rulesText), ("Hazards", hazardsText), ("Findings", findingsText),
    ].filter { !$0.lines.isEmpty }
    // A hazard and a finding can have one name.
    if rules.count + hazards.count + findings.count < Rule.all.count {
        return Array(parts.map(\.lines).joined(separator: [""]))
    }
    return Array(parts.map { [$0.heading, ""] + $0.lines }.joined(separator: [""]))
}
