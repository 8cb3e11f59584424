public import Iomem
public import Machine

/// What will be after a sequence of steps.
public struct Prediction: Sendable, Equatable {
    /// Segments that tile every Soft Reserved range and every ram region, in address order.
    public var ranges: [PredictedRange]
    /// How each module of interest will stand, by name; a set of one where it is certain.
    public var modules: [String: Set<ModuleStanding>]
    /// The lines expected in and around these ranges in `/proc/iomem`, parents before children.
    public var iomem: [PredictedLine]
    /// What would go wrong.
    public var hazards: [Hazard]
    /// The facts that are missing where the prediction is not certain, one sentence each.
    public var missingFacts: [String]

    /// Every segment has one possible owner.
    public var isCertain: Bool { ranges.allSatisfy { $0.owners.count == 1 } }

    /// A prediction.
    public init(
        ranges: [PredictedRange],
        modules: [String: Set<ModuleStanding>],
        iomem: [PredictedLine],
        hazards: [Hazard],
        missingFacts: [String]
    ) {
        self.ranges = ranges
        self.modules = modules
        self.iomem = iomem
        self.hazards = hazards
        self.missingFacts = missingFacts
    }
}

/// The possible owners of one segment.
public struct PredictedRange: Sendable, Equatable {
    /// The bytes, inclusive ends.
    public var range: AddressRange
    /// The possible owners; one where it is certain.
    public var owners: Set<Owner>
    /// What the owner holds the bytes through (`region0`, `hmem`), where it is certain.
    public var through: String?
    /// The rules that decide, by id.
    public var rules: [String]
    /// The decision in words.
    public var why: String
    /// The facts that the rules were given, one sentence each, with the file and the value.
    public var facts: [String]

    /// A predicted segment.
    public init(
        range: AddressRange,
        owners: Set<Owner>,
        through: String?,
        rules: [String],
        why: String,
        facts: [String] = []
    ) {
        self.range = range
        self.owners = owners
        self.through = through
        self.rules = rules
        self.why = why
        self.facts = facts
    }
}

/// A line expected in `/proc/iomem`.
public struct PredictedLine: Sendable, Hashable {
    /// The bytes, inclusive ends.
    public var range: AddressRange
    /// The exact name, except that `daxN.M` stands for any dax device and `CXL Window N` for any number.
    public var name: String
    /// False where the line depends on something that is not certain.
    public var isCertain: Bool

    /// A predicted line.
    public init(range: AddressRange, name: String, isCertain: Bool) {
        self.range = range
        self.name = name
        self.isCertain = isCertain
    }
}

/// An order of steps with what it will bring: what `plan` prints and `apply` does.
public struct Plan: Sendable, Equatable {
    /// The policy's name, or nil for a `predict`.
    public var policy: String?
    /// The steps that are left when needless ones are dropped.
    public var steps: [Step]
    /// What will be afterwards.
    public var prediction: Prediction

    /// Nothing is to be done.
    public var isEmpty: Bool { steps.isEmpty }

    /// A plan.
    public init(policy: String?, steps: [Step], prediction: Prediction) {
        self.policy = policy
        self.steps = steps
        self.prediction = prediction
    }
}
