package import Machine

/// The owner that an admin wants, and the order of steps that is to lead to it.
package struct Policy: Sendable, Equatable {
    /// The name it was found by, for example `hmem`.
    package var name: String
    /// One sentence for people.
    package var summary: String
    /// The steps, in order.
    package var order: [Step]
    /// The owner wanted.
    package var want: Want
    /// What the policy may do without asking.
    package var consent: Consent

    /// A policy.
    package init(name: String, summary: String, order: [Step], want: Want, consent: Consent) {
        self.name = name
        self.summary = summary
        self.order = order
        self.want = want
        self.consent = consent
    }

    /// The owner wanted, by what lies over the bytes; nil is "any": no wish, but losing an owner is still a hazard.
    package struct Want: Sendable, Equatable {
        /// Over a committed ram region.
        package var coveredByRegion: Owner?
        /// In a window, without a region.
        package var windowOnly: Owner?
        /// Outside every window.
        package var outsideWindows: Owner?
        /// What the policy leaves out: it does not even say "any", so it is not about these bytes.
        package var leftOut: Set<Place>

        /// The wishes; none unless given.
        package init(
            coveredByRegion: Owner? = nil,
            windowOnly: Owner? = nil,
            outsideWindows: Owner? = nil,
            leftOut: Set<Place> = []
        ) {
            self.coveredByRegion = coveredByRegion
            self.windowOnly = windowOnly
            self.outsideWindows = outsideWindows
            self.leftOut = leftOut
        }

        /// Where bytes lie; the raw value is the key of a policy file.
        package enum Place: String, Sendable, CaseIterable {
            /// Over a ram region.
            case coveredByRegion = "covered_by_region"
            /// In a window, without a region.
            case windowOnly = "window_only"
            /// Outside every window.
            case outsideWindows = "outside_windows"
        }
    }

    /// What a policy may do without being told on the command line.
    package struct Consent: Sendable, Equatable {
        /// Offline memory that is in the way.
        package var offlineMemory: Bool
        /// Lose regions whose decoders the kernel resets.
        package var loseRegions: Bool
        /// Make regions again that this boot has lost, or that the order loses.
        package var restoreRegions: Bool

        /// The consents.
        package init(offlineMemory: Bool = false, loseRegions: Bool = false, restoreRegions: Bool = false) {
            self.offlineMemory = offlineMemory
            self.loseRegions = loseRegions
            self.restoreRegions = restoreRegions
        }
    }
}
