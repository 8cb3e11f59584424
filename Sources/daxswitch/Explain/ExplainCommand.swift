import ArgumentParser
import Ownership

/// `explain`: what an id or a word that is printed means, and where a fact of the kernel is known from.
struct ExplainCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        _superCommandName: Daxswitch.name,
        abstract: "Explain a rule, a hazard, a finding, or any other word that is printed.",
        discussion: """
            Without a word: one line for each of them. Upper and lower case are the same. The name of a group explains all \
            of its words, for example exit-codes.
            """
    )

    @Argument(
        help: ArgumentHelp("A word or an id: coordinated, region-lost, hold, 3.", valueName: "word"),
        completion: .list(Explanation.words.filter { !$0.contains(" ") && !$0.contains(":") })
    )
    var words: [String] = []

    @OptionGroup var json: JSONOption
    @OptionGroup var colour: ColourOption

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        // Words with a blank need no quotes: explain initial probe.
        let word = words.isEmpty ? nil : words.joined(separator: " ")
        let explanation = word.map { Explanation(of: $0) } ?? .everything
        if let word, explanation.isEmpty {
            throw Failure(
                .usage,
                code: "unknown-name",
                "\"\(word)\" is not a word of daxswitch.\(suggestion(for: word, in: Explanation.words)) "
                    + "`daxswitch explain` lists all words"
            )
        }
        if wantsJSON {
            Output.print(explainDocument(explanation))
        } else {
            Output.print(
                word == nil ? explainList(style: colour.style) : explainText(explanation, style: colour.style)
            )
        }
        return .done
    }
}
