import Policy

/// What `apply` and `verify` are given: a policy, or a file that `plan --out` or `predict --out` wrote.
enum PolicyOrPlan {
    case policy(PolicyLibrary.Entry)
    case plan(SavedPlan, file: String)

    /// A name is a policy's; a path is a plan where its text begins as a JSON document does.
    init(_ argument: String) throws {
        let library = PolicyLibrary()
        if !PolicyLibrary.isPath(argument) && (library.names.contains(argument) || !FileText.exists(argument)) {
            self = .policy(try library.find(argument))
        } else if argument.hasSuffix(".toml") {
            self = .policy(try library.find(argument))
        } else {
            let text = try FileText.read(argument)
            if text.drop(while: \.isWhitespace).hasPrefix("{") || argument.hasSuffix(".json") {
                self = .plan(try SavedPlan(text, file: argument), file: argument)
            } else {
                self = .policy(
                    PolicyLibrary.Entry(policy: try PolicyFile.parse(text, file: argument), source: argument)
                )
            }
        }
    }
}
