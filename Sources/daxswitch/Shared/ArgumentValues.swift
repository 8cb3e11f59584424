import ArgumentParser
package import Machine
package import Ownership
import Policy

extension Generation: ExpressibleByArgument {}

extension InitialProbe: ExpressibleByArgument {
    /// The words that a person can give; that it is unknown is no statement.
    package static var allValueStrings: [String] { [InitialProbe.pending, .done].map(\.rawValue) }
}

extension Hazard.Identifier: ExpressibleByArgument {
    /// The ones that `--accept` takes.
    package static var allValueStrings: [String] { Hazard.acceptable.map(\.rawValue).sorted() }
}

extension CompletionKind {
    /// The names of the built-in policies, then files.
    static var policyNames: CompletionKind { .list(PolicyLibrary(folders: []).names) }
}
