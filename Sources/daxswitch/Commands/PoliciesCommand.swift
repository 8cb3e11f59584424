import ArgumentParser
import Ownership
import Policy

/// `policies`: which there are, what one says, and whether a file is one.
struct PoliciesCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "policies",
        abstract: "List the policies, or show and check one."
    )

    @Argument(
        help: ArgumentHelp("A policy's name, or the path of a policy file.", valueName: "name|file"),
        completion: .policyNames
    )
    var name: String?

    @OptionGroup var json: JSONOption

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        let library = PolicyLibrary()
        let entries = try (name.map { [$0] } ?? library.names).map { try library.find($0) }
        if wantsJSON {
            Output.print(policiesDocument(entries))
        } else if name == nil {
            Output.print(aligned(entries.map { [$0.policy.name, $0.policy.summary, "(\($0.source))"] }))
        } else {
            Output.print(entries.flatMap { policyText($0, style: .current) })
        }
        return .done
    }
}
