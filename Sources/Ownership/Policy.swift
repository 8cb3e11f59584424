public import Machine

/// The owner that an admin wants, and the order of steps that is to bring it.
public struct Policy: Sendable, Equatable {
    /// The name it was found by, for example `hmem`.
    public var name: String
    /// One sentence for people.
    public var summary: String
    /// The steps, in order.
    public var order: [Step]
    /// The owner wanted.
    public var want: Want
    /// What the policy may do unasked.
    public var consent: Consent

    /// A policy.
    public init(name: String, summary: String, order: [Step], want: Want, consent: Consent) {
        self.name = name
        self.summary = summary
        self.order = order
        self.want = want
        self.consent = consent
    }

    /// The owner wanted, by what lies over the bytes; nil is "any": no wish, but losing an owner is still a hazard.
    public struct Want: Sendable, Equatable {
        /// Over a committed ram region.
        public var coveredByRegion: Owner?
        /// In a window, without a region.
        public var windowOnly: Owner?
        /// Outside every window.
        public var outsideWindows: Owner?

        /// The wishes.
        public init(coveredByRegion: Owner?, windowOnly: Owner?, outsideWindows: Owner?) {
            self.coveredByRegion = coveredByRegion
            self.windowOnly = windowOnly
            self.outsideWindows = outsideWindows
        }
    }

    /// What a policy may do without being told on the command line.
    public struct Consent: Sendable, Equatable {
        /// Offline memory that is in the way.
        public var offlineMemory: Bool
        /// Lose regions whose decoders the kernel resets.
        public var loseRegions: Bool

        /// The consents.
        public init(offlineMemory: Bool = false, loseRegions: Bool = false) {
            self.offlineMemory = offlineMemory
            self.loseRegions = loseRegions
        }
    }
}
