import ArgumentParser
import Ownership
import Policy

/// `policies`: which there are, what one says, whether a file is one, and where its order brings what it wants.
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
        guard let name else {
            let entries = try library.names.map { try library.find($0) }
            if wantsJSON {
                Output.print(policiesDocument(entries.map { ($0, nil) }))
            } else {
                Output.print(aligned(entries.map { [$0.policy.name, $0.policy.summary, "(\($0.source))"] }))
            }
            return .done
        }
        let entry = try library.find(name)
        let proof = PolicyProof(entry.policy).run()
        if wantsJSON {
            Output.print(policiesDocument([(entry, proof)]))
        } else {
            Output.print(policyText(entry, style: .current) + proofText(proof, style: .current))
        }
        return .done
    }
}
