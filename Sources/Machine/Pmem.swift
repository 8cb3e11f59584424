/// A region of persistent memory, with what the labels on its memory devices made of it.
package struct PmemRegion: Sendable, Equatable {
    /// How it was made.
    package var layout: RegionLayout
    /// The namespaces on it, used or not, by name; nil if the material has nothing of the nd bus.
    package var volumes: [PmemVolume]?

    /// A region with its namespaces.
    package init(layout: RegionLayout, volumes: [PmemVolume]?) {
        self.layout = layout
        self.volumes = volumes
    }
}

/// A namespace that the labels describe (Documentation/ABI/testing/sysfs-bus-nvdimm).
package struct PmemVolume: Sendable, Equatable {
    /// What takes it, in the words of `ndctl`: `fsdax`, `devdax`, `sector`, or `raw`.
    package var mode: String
    /// In bytes, with what `mode` needs for itself.
    package var size: UInt64

    /// A namespace.
    package init(mode: String, size: UInt64) {
        self.mode = mode
        self.size = size
    }
}

/// The labels of a persistent memory device, as far as sysfs shows them: `nmemN`.
package struct PmemLabels: Sendable, Equatable {
    /// `nmem0`.
    package var name: String
    /// The serial number of the memory device, as `MemdevIdentity` has it; nil if sysfs does not show it.
    package var serial: String?
    /// `available_slots`: how many more labels fit; nil if the device has no label area that the kernel could read.
    package var freeSlots: UInt64?

    /// The labels of a device.
    package init(name: String, serial: String?, freeSlots: UInt64?) {
        self.name = name
        self.serial = serial
        self.freeSlots = freeSlots
    }
}
