package import Iomem
package import Machine

/// What will be after a sequence of steps.
package struct Prediction: Sendable, Equatable {
    /// Ranges that make up every Soft Reserved range, every HMEM range and every ram region, in address order.
    package var ranges: [PredictedRange]
    /// How each module of interest will stand, by name; a set of one where it is certain.
    package var modules: [String: Set<ModuleStanding>]
    /// The lines expected in and around these ranges in `/proc/iomem`, parents before children.
    package var iomem: [PredictedLine]
    /// The facts that are missing where the prediction is not certain, one sentence each.
    package var missingFacts: [String]

    /// Every range has one possible owner.
    package var isCertain: Bool { ranges.allSatisfy { $0.owners.count == 1 } }

    /// A prediction.
    package init(
        ranges: [PredictedRange],
        modules: [String: Set<ModuleStanding>],
        iomem: [PredictedLine],
        missingFacts: [String]
    ) {
        self.ranges = ranges
        self.modules = modules
        self.iomem = iomem
        self.missingFacts = missingFacts
    }
}

/// Bytes with their possible owners afterwards.
package struct PredictedRange: Sendable, Equatable {
    /// The bytes, inclusive ends.
    package var range: AddressRange
    /// The possible owners; one where it is certain.
    package var owners: Set<Owner>
    /// What the owner holds the bytes through (`region0`, `hmem`), where it is certain.
    package var through: String?
    /// The rules that decide, by id.
    package var rules: [String]
    /// The decision in words.
    package var why: String
    /// The facts that the rules were given, one sentence each, with the file and the value. Of a prediction just made, they are
    /// put into words when they are asked for: only documents have them.
    package var facts: [String] { evidence.map { $0.facts(for: range) } ?? writtenFacts }
    private var writtenFacts: [String]
    private var evidence: PredictionEvidence?
    /// The owner before the steps; nil where it is not known.
    package var ownerNow: Owner?

    /// A predicted range.
    package init(
        range: AddressRange,
        owners: Set<Owner>,
        through: String?,
        rules: [String],
        why: String,
        facts: [String] = [],
        ownerNow: Owner? = nil
    ) {
        self.range = range
        self.owners = owners
        self.through = through
        self.rules = rules
        self.why = why
        writtenFacts = facts
        self.ownerNow = ownerNow
    }

    /// Has `evidence` tell the facts.
    mutating func note(_ evidence: PredictionEvidence) { self.evidence = evidence }

    package static func == (left: PredictedRange, right: PredictedRange) -> Bool {
        left.range == right.range && left.owners == right.owners && left.through == right.through
            && left.rules == right.rules && left.why == right.why && left.ownerNow == right.ownerNow
            && left.facts == right.facts
    }
}

/// A line expected in `/proc/iomem`.
package struct PredictedLine: Sendable, Hashable {
    /// The bytes, inclusive ends.
    package var range: AddressRange
    /// The exact name, except that `daxN.M` stands for any dax device and `CXL Window N` for any number.
    package var name: String
    /// False where the line depends on something that is not certain.
    package var isCertain: Bool

    /// A predicted line.
    package init(range: AddressRange, name: String, isCertain: Bool) {
        self.range = range
        self.name = name
        self.isCertain = isCertain
    }
}
