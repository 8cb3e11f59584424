import Ownership

/// Everything that one word means.
struct Explanation {
    var rules: [Rule]
    var hazards: [Hazard.Identifier]
    var findings: [Finding.Identifier]
    var terms: [Term]

    /// All rules, hazards, findings and words.
    static let everything = Explanation(
        rules: Rule.all,
        hazards: Hazard.Identifier.allCases,
        findings: Finding.Identifier.allCases,
        terms: Glossary.terms
    )

    /// What can be asked for, each once.
    static let words: [String] = {
        let ids =
            Rule.all.map(\.id) + Hazard.Identifier.allCases.map(\.rawValue)
            + Finding.Identifier.allCases.map(\.rawValue)
        let all = ids + Glossary.terms.map(\.word) + Group.allCases.map(\.rawValue)
        var seen: Set<String> = []
        return all.filter { seen.insert(Glossary.folded($0)).inserted }
    }()

    /// The kinds of ids, which are groups as those of words are: the raw value explains all of one kind.
    enum Group: String, CaseIterable {
        case rules, hazards, findings

        /// The heading above the ids of this kind.
        var heading: String {
            switch self {
            case .rules: "Rules of the kernel"
            case .hazards: "Hazards of a plan"
            case .findings: "Findings of status"
            }
        }
    }

    var isEmpty: Bool { rules.isEmpty && hazards.isEmpty && findings.isEmpty && terms.isEmpty }
}

extension Explanation {
    /// What `word` means: an id, a word that is printed, or a group of either; nothing for any other word.
    init(of word: String) {
        let key = Glossary.folded(word)
        let isNamed = { (id: String) in Glossary.folded(id) == key }
        self.init(
            rules: Rule.all.filter { isNamed($0.id) || isNamed(Group.rules.rawValue) },
            hazards: Hazard.Identifier.allCases.filter { isNamed($0.rawValue) || isNamed(Group.hazards.rawValue) },
            findings: Finding.Identifier.allCases.filter { isNamed($0.rawValue) || isNamed(Group.findings.rawValue) },
            terms: Glossary.terms(for: word)
        )
    }
}
