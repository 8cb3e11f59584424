package import Iomem

/// A line of the kernel log in which a driver tells that it failed, as this boot has it.
package struct DriverFailure: Sendable, Equatable {
    /// What the driver could not do.
    package enum Kind: String, Sendable, CaseIterable {
        /// Take an endpoint decoder into a region (drivers/cxl/core/region.c: attach_target()).
        case attachment
        /// Set up a port of a region: the interleaving that its decoders are programmed for is another one
        /// (cxl_port_setup_targets()).
        case interleaving
        /// Reserve the bytes of a device in iomem: -EBUSY.
        case reservation
        /// Find a whole memory block in the device: -EINVAL.
        case alignment
        /// Find the NUMA node of the memory: -EINVAL.
        case node
        /// Add the memory (add_memory_driver_managed()).
        case addition
        /// Make a dax region over bytes that another one has: -ENOMEM (drivers/dax/bus.c: alloc_dax_region()).
        case conflict
        /// Bind, for a reason that another line tells (drivers/base/dd.c: call_driver_probe()).
        case probe
    }

    /// What failed.
    package var kind: Kind
    /// What it failed for: `dax0.0`, `region1`, `dax_region0`.
    package var subject: String
    /// The bytes that the line names, inclusive ends; nil where it names none.
    package var range: AddressRange?
    /// The error number, positive; nil where the line has none.
    package var errno: Int?
    /// The message, without the time in front.
    package var line: String

    /// A failure.
    package init(kind: Kind, subject: String, range: AddressRange? = nil, errno: Int? = nil, line: String) {
        self.kind = kind
        self.subject = subject
        self.range = range
        self.errno = errno
        self.line = line
    }
}
