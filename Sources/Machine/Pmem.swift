package import Iomem

/// A namespace of persistent memory that is active: a driver is bound to it, or to the btt, pfn or dax device on it.
package struct PmemNamespace: Sendable, Equatable {
    /// `namespace0.0`, `btt0.0`, `pfn0.0`, `dax0.0`: the name on the nd bus.
    package var name: String
    /// The bytes of the nd region that it lies in; nil where they are not known.
    package var range: AddressRange?
    /// Who uses it, in words: a mounted file system, a device on top of it.
    package var users: [String]

    /// An active namespace.
    package init(name: String, range: AddressRange?, users: [String]) {
        self.name = name
        self.range = range
        self.users = users
    }
}
