public import Iomem

/// One place where the machine is not what was expected.
public struct Difference: Sendable, Equatable {
    /// What kind of thing differs.
    public enum Kind: String, Sendable, CaseIterable {
        /// The owner of the bytes.
        case owner
        /// A line of `/proc/iomem` that is missing or that no prediction has.
        case iomem
        /// A module's standing.
        case module
    }
    /// The bytes concerned; nil for a module.
    public var range: AddressRange?
    /// What was expected, each alternative.
    public var expected: [String]
    /// What is there.
    public var found: String
    /// What kind of thing.
    public var kind: Kind
    /// A sentence for a person.
    public var what: String

    /// A difference.
    public init(range: AddressRange?, expected: [String], found: String, kind: Kind, what: String) {
        self.range = range
        self.expected = expected
        self.found = found
        self.kind = kind
        self.what = what
    }
}
