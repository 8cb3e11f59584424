public import Iomem

/// A namespace of persistent memory that is active: a driver is bound to it, or to the btt, pfn or dax device on it.
public struct PmemNamespace: Sendable, Equatable {
    /// `namespace0.0`, `btt0.0`, `pfn0.0`, `dax0.0`: the name on the nd bus.
    public var name: String
    /// The bytes of the nd region that it lies in; nil where they are not known.
    public var range: AddressRange?
    /// Who uses it, in words: a mounted file system, a device on top of it.
    public var users: [String]

    /// An active namespace.
    public init(name: String, range: AddressRange?, users: [String]) {
        self.name = name
        self.range = range
        self.users = users
    }
}
