public import ArgumentParser
public import Machine
public import Ownership
import Policy

extension Generation: ExpressibleByArgument {}

extension InitialProbe: ExpressibleByArgument {
    /// The words that a person can give; that it is unknown is no statement.
    public static var allValueStrings: [String] { [InitialProbe.pending, .done].map(\.rawValue) }
}

extension Hazard.Identifier: ExpressibleByArgument {
    /// The ones that `--accept` takes.
    public static var allValueStrings: [String] { Hazard.acceptable.map(\.rawValue).sorted() }
}

extension CompletionKind {
    /// The names of the built-in policies, then files.
    static var policyNames: CompletionKind { .list(PolicyLibrary(folders: []).names) }
}
