package import Iomem

/// One place where the machine is not what was expected.
package struct Difference: Sendable, Equatable {
    /// What kind of thing differs.
    package enum Kind: String, Sendable, CaseIterable {
        /// The owner of the bytes.
        case owner
        /// A line of `/proc/iomem` that is missing or that no prediction has.
        case iomem
        /// A module's standing.
        case module
    }
    /// The bytes concerned; nil for a module.
    package var range: AddressRange?
    /// What was expected, each alternative.
    package var expected: [String]
    /// What is there.
    package var found: String
    /// What kind of thing.
    package var kind: Kind
    /// A sentence for a person.
    package var what: String

    /// A difference.
    package init(range: AddressRange?, expected: [String], found: String, kind: Kind, what: String) {
        self.range = range
        self.expected = expected
        self.found = found
        self.kind = kind
        self.what = what
    }
}
