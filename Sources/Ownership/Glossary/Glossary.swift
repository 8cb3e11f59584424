import Machine

/// The words that the commands print. Ids of rules, hazards and findings are explained by their own types.
package enum Glossary {
    /// Every word, in the order of the groups.
    package static let terms: [Term] = {
        let all: [Term] =
            Term.ofMemory + Term.ofDrivers + Owner.terms + MemoryState.terms + RangeMemory.terms
            + MemoryUse.OnlineZone.terms
            + Generation.terms + InitialProbe.terms + DaxCxlMode.terms + ModuleStanding.terms + Step.Verb.terms
            + Policy.Want.Place.terms + Term.ofPolicies + Plan.Verdict.terms + Health.terms + Finding.Severity.terms
            + Difference.Kind.terms + Diff.Kind.terms.filter { Difference.Kind(rawValue: $0.word) == nil }
            + Term.ofThisTool + Term.ofRuns + BootChoice.terms + Term.ofNextBoot + Term.ofExitCodes
        return Term.Group.allCases.flatMap { group in all.filter { $0.group == group } }
    }()

    /// Other names of words, as they are compared.
    private static let aliases = ["soft reserved": "Soft Reserved range", "recording": "capture"]

    /// The words that `word` can mean, in either case of letters: a word itself, a step alone or with what it is about
    /// (`load`, `load:cxl_acpi`), or all words of a group that is named (`exit-codes`).
    package static func terms(for word: String) -> [Term] {
        let key = folded(word)
        let found = terms.filter { folded($0.word) == key || $0.word == aliases[key] }
        if !found.isEmpty { return found }
        let group = terms.filter { folded($0.group.rawValue) == key }
        if !group.isEmpty { return group }
        // A step as an order has it, or its verb.
        guard let verb = key.split(separator: ":").first else { return [] }
        return Step.Verb.allCases.filter { folded($0.rawValue) == verb }.map { Term($0) }
    }

    /// A word as it is compared: lower case, and `_` and `-` as a space, since a person writes either.
    package static func folded(_ word: String) -> String {
        String(word.lowercased().map { $0 == "_" || $0 == "-" ? " " : $0 })
    }
}
