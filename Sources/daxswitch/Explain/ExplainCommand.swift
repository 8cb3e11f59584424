import ArgumentParser
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
