package import Iomem

/// A range of EFI "specific purpose" memory that the kernel left to a driver, cut at the borders of HMEM ranges.
package struct SoftReservedRange: Sendable, Equatable {
    /// The bytes, inclusive ends.
    package var range: AddressRange
    /// Where it was found, for example `/sys/firmware/memmap/4` or `memmap= in /proc/cmdline`; never empty.
    package var sources: [String]
    /// The range that dax_hmem takes as a whole and that these bytes belong to (`hmem_active`,
    /// drivers/dax/hmem/device.c); nil where they belong to none.
    package var hmemRange: AddressRange?

    /// A range with the places it was found in, an HMEM range of its own.
    package init(range: AddressRange, sources: [String]) {
        self.init(range: range, sources: sources, hmemRange: range)
    }

    /// A range with the places it was found in and the HMEM range that it belongs to.
    package init(range: AddressRange, sources: [String], hmemRange: AddressRange?) {
        self.range = range
        self.sources = sources
        self.hmemRange = hmemRange
    }
}

/// A CXL fixed memory window (CFMWS in the ACPI CEDT).
package struct Window: Sendable, Equatable {
    /// The bytes, inclusive ends.
    package var range: AddressRange
    /// The number in the name `CXL Window N` of `/proc/iomem`; nil while `cxl_acpi` is not loaded.
    package var number: Int?
    /// Whether `/proc/iomem` has the window now: only then does dax_hmem meet it.
    package var isLive: Bool
    /// The CEDT restricts the window to a fixed configuration (bit 4): regions in it are locked.
    package var isFixed: Bool
    /// Where it was found; never empty.
    package var sources: [String]

    /// A window with the places it was found in.
    package init(range: AddressRange, number: Int?, isLive: Bool, isFixed: Bool, sources: [String]) {
        self.range = range
        self.number = number
        self.isLive = isLive
        self.isFixed = isFixed
        self.sources = sources
    }
}

/// What may have become of the memory devices' decoders since the firmware programmed them, while nothing shows them.
package enum DecoderHistory: Sendable, Equatable {
    /// It is proven that no driver has touched them: they are as the firmware left them.
    case asAtBoot
    /// Drivers of this kernel were bound, or may have been: what they reset is a question of its rules.
    case driversBound
    /// This kernel's rules don't tell: another one ran before it, or the devices may have been without power.
    case unknown
}

/// What daxswitch saw of the memory devices' decoders in this boot before it took them out of sight, kept in
/// `/run/daxswitch/regions.json`.
package struct RememberedDecoders: Sendable, Equatable {
    /// The committed ram regions; empty where the decoders were looked at and no such region was there.
    package var regions: [RememberedRegion]
    /// The bytes that decoders of memory devices still answer for when `cxl_acpi` is gone.
    package var decoded: [AddressRange]
    /// The decoders of every memory device were seen: there are no others.
    package var isComplete: Bool

    /// What was seen.
    package init(regions: [RememberedRegion], decoded: [AddressRange], isComplete: Bool = true) {
        self.regions = regions
        self.decoded = decoded
        self.isComplete = isComplete
    }
}

/// A committed CXL region that daxswitch saw in this boot.
package struct RememberedRegion: Sendable, Equatable {
    /// The bytes, inclusive ends.
    package var range: AddressRange
    /// Its decoders were locked and the kernel honours the lock: the region comes back with `cxl_acpi`.
    package var locked: Bool
    /// How it was made; nil if a daxswitch before 0.2.0 remembered it.
    package var layout: RegionLayout?

    /// A remembered region.
    package init(range: AddressRange, locked: Bool, layout: RegionLayout? = nil) {
        self.range = range
        self.locked = locked
        self.layout = layout
    }
}
