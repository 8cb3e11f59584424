/// Which machine this is, as far as it says.
package struct Host: Sendable, Equatable {
    /// A digest of `/etc/machine-id`, the same at every boot; nil where the machine has none.
    package var id: String?
    /// `/proc/sys/kernel/hostname`; nil where it was not recorded.
    package var name: String?

    /// A machine of which nothing need be known.
    package init(id: String? = nil, name: String? = nil) {
        self.id = id
        self.name = name
    }

    /// Whether the two can be one machine: the ids decide, without them the names, without those nothing speaks against.
    package func mayBe(_ other: Host) -> Bool {
        if let id, let otherID = other.id { return id == otherID }
        if let name, let otherName = other.name { return name == otherName }
        return true
    }
}
