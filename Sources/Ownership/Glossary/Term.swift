/// A word that the commands print, with its meaning: what `explain WORD` shows and the manual's glossary lists.
package struct Term: Sendable, Equatable {
    /// The word as it is printed: `coordinated`, `load:MODULE`, `3`.
    package let word: String
    /// What kind of word it is.
    package let group: Group
    /// One to three sentences.
    package let meaning: String
    /// Where a fact of the kernel is known from; nil for words of daxswitch itself.
    package let source: String?

    /// A word with its meaning.
    init(_ word: String, _ group: Group, _ meaning: String, source: String? = nil) {
        self.word = word
        self.group = group
        self.meaning = meaning
        self.source = source
    }

    /// The kinds of words, in the order in which they are listed; the raw value is the word in documents, which `explain`
    /// takes as well.
    package enum Group: String, Sendable, CaseIterable {
        case memory
        case owners
        case uses
        case rangeMemory = "range-memory"
        case zones
        case generations
        case initialProbe = "initial-probe"
        case cxlMode = "cxl-mode"
        case drivers
        case modules
        case steps
        case policyKeys = "policy-keys"
        case verdicts
        case health
        case severities
        case differences
        case toolWords = "tool-words"
        case runs
        case nextBoot = "next-boot"
        case exitCodes = "exit-codes"

        /// What one word of this kind is: `owner`, `exit code`.
        package var kind: String {
            switch self {
            case .memory: "memory"
            case .owners: "owner of a range"
            case .uses: "use of a range"
            case .rangeMemory: "what the memory map says about a range"
            case .zones: "zone of memory"
            case .generations: "generation of kernels"
            case .initialProbe: "initial probe"
            case .cxlMode: "CXL mode"
            case .drivers: "kernel module"
            case .modules: "state of a module"
            case .steps: "step"
            case .policyKeys: "key of a policy file"
            case .verdicts: "verdict of plan"
            case .health: "health in status"
            case .severities: "severity"
            case .differences: "kind of difference"
            case .toolWords: "word of this tool"
            case .runs: "run"
            case .nextBoot: "next boot"
            case .exitCodes: "exit code"
            }
        }

        /// The heading above the words of this kind.
        package var heading: String {
            switch self {
            case .memory: "Memory, windows and regions"
            case .owners: "Owners of a range"
            case .uses: "Uses of a range"
            case .rangeMemory: "What the memory map says about a range"
            case .zones: "Zones of online memory"
            case .generations: "Generations of kernels"
            case .initialProbe: "Initial probe"
            case .cxlMode: "CXL mode (kernels of the generation all-or-nothing)"
            case .drivers: "Kernel modules"
            case .modules: "States of a module"
            case .steps: "Steps of an order"
            case .policyKeys: "Keys of a policy file"
            case .verdicts: "Verdicts of plan"
            case .health: "Health in status"
            case .severities: "Severities of hazards and findings"
            case .differences: "Kinds of differences in verify and diff"
            case .toolWords: "Words of this tool"
            case .runs: "Runs, journals and their outcomes"
            case .nextBoot: "Next boot"
            case .exitCodes: "Exit codes"
            }
        }
    }
}

/// An enumeration whose raw values are printed: each of its words has a meaning, or this does not compile.
package protocol Explained: RawRepresentable<String>, CaseIterable {
    /// What kind of words these are.
    static var group: Term.Group { get }
    /// One to three sentences.
    var meaning: String { get }
    /// Where a fact of the kernel is known from; nil for words of daxswitch itself.
    var source: String? { get }
}

extension Explained {
    package var source: String? { nil }

    /// All words of the enumeration.
    static var terms: [Term] { allCases.map { Term($0.rawValue, group, $0.meaning, source: $0.source) } }
}
