package import Iomem

/// A CXL region as sysfs shows it.
package struct Region: Sendable, Equatable {
    /// `region0`.
    package var name: String
    /// The bytes (`resource`, `size`); nil while the region has none.
    package var range: AddressRange?
    /// `mode`: `ram`, `pmem` or `none`; of dynamic capacity (7.4 on) `dynamic_ram_` and a letter.
    package var mode: String
    /// `commit` is 1: its decoders are programmed.
    package var committed: Bool
    /// `locked` is 1; nil where the kernel has no such attribute (`Kernel.keepsLockedDecoders`).
    package var locked: Bool?
    /// `dax_regionN` exists below it (for ram).
    package var assembled: Bool
    /// The driver of `dax_regionN` (`cxl_dax_region`), nil where none is bound.
    package var daxDriver: String?
    /// The endpoint decoders that are its targets, by position.
    package var targets: [String]
    /// `pmem_regionN` exists below it (for pmem) and no driver is bound to it: it was made while `cxl_pmem` was not loaded.
    package var lacksPmemDriver: Bool
    /// Its decoders are an accelerator's (`target_type`): the device's own driver uses the memory, and no dax region is made.
    package var isOfAccelerator: Bool
    /// `interleave_granularity` in bytes; nil where the material does not tell.
    package var granularity: UInt64?
    /// `uuid`; nil where it has none, as one of ram.
    package var uuid: String?

    /// Its bytes get memory while it is in use: that it contains a range does not mean that all of that has memory.
    package var hasDynamicCapacity: Bool { mode.hasPrefix("dynamic_") }

    /// Whether the kernel names a region so: `region` and a number (drivers/cxl/core/region.c: cxl_region_alloc()).
    package static func isName(_ text: some StringProtocol, digitsAtMost limit: Int = .max) -> Bool {
        let prefix = "region"
        let digits = text.utf8.dropFirst(prefix.utf8.count)
        return text.utf8.starts(with: prefix.utf8) && (1...limit).contains(digits.count)
            && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// A region as sysfs shows it.
    package init(
        name: String,
        range: AddressRange?,
        mode: String,
        committed: Bool,
        locked: Bool?,
        assembled: Bool,
        daxDriver: String?,
        targets: [String],
        lacksPmemDriver: Bool = false,
        isOfAccelerator: Bool = false,
        granularity: UInt64? = nil,
        uuid: String? = nil
    ) {
        self.granularity = granularity
        self.uuid = uuid
        self.name = name
        self.range = range
        self.mode = mode
        self.committed = committed
        self.locked = locked
        self.assembled = assembled
        self.daxDriver = daxDriver
        self.targets = targets
        self.lacksPmemDriver = lacksPmemDriver
        self.isOfAccelerator = isOfAccelerator
    }
}

/// A CXL decoder as sysfs shows it.
package struct Decoder: Sendable, Equatable {
    /// Where in the topology a decoder sits.
    package enum Kind: String, Sendable {
        /// A window's decoder below the root.
        case root
        /// A host bridge's or switch's decoder.
        case `switch`
        /// A memory device's decoder.
        case endpoint
    }
    /// `decoder2.0`.
    package var name: String
    /// Where it sits.
    package var kind: Kind
    /// The bytes it decodes (`start`, `size`); nil where it is not programmed.
    package var range: AddressRange?
    /// `locked` is 1; nil if the material does not tell, as what `cxl list` prints.
    package var locked: Bool?
    /// The region it belongs to (`region`), nil where none.
    package var region: String?
    /// The memory device that it is of (`mem0`); nil for one of a port.
    package var memdev: String?
    /// The bytes of the memory device that it has (`dpa_resource`, `dpa_size`), also before it decodes; nil for one without any.
    package var dpa: AddressRange?
    /// It has bytes of its memory device and no region: of one that was begun, or reserved by somebody.
    package var isReserving: Bool { kind == .endpoint && range == nil && region == nil && dpa != nil }
    /// It is an endpoint's directly below the root, as that of a CXL 1.1 device is.
    ///
    /// Such a device need not have decoders. The kernel then makes one of its range registers and shows it as locked, since it
    /// can't change them (drivers/cxl/core/hdm.c: cxl_setup_hdm_decoder_from_dvsec()): that tells of no lock.
    package var isBelowRoot: Bool
    /// How it interleaves (`interleave_ways`, `interleave_granularity`), for a root decoder.
    package var interleave: Interleave?

    /// How a decoder spreads its bytes over what is below it.
    package struct Interleave: Sendable, Hashable {
        /// The number of targets.
        package var ways: UInt64
        /// In bytes.
        package var granularity: UInt64

        /// As it is.
        package init(ways: UInt64, granularity: UInt64) {
            self.ways = ways
            self.granularity = granularity
        }
    }

    /// A decoder as sysfs shows it.
    package init(
        name: String,
        kind: Kind,
        range: AddressRange?,
        locked: Bool?,
        region: String?,
        memdev: String? = nil,
        dpa: AddressRange? = nil,
        isBelowRoot: Bool = false,
        interleave: Interleave? = nil
    ) {
        self.memdev = memdev
        self.dpa = dpa
        self.isBelowRoot = isBelowRoot
        self.interleave = interleave
        self.name = name
        self.kind = kind
        self.range = range
        self.locked = locked
        self.region = region
    }
}

/// A CXL memory device (`memN`).
package struct Memdev: Sendable, Equatable {
    /// `mem0`.
    package var name: String
    /// The driver is bound (`cxl_mem`) and an endpoint port hangs below a root.
    package var hasEndpoint: Bool
    /// `pmem/size`: its persistent capacity in bytes; nil where that is not there.
    package var persistentSize: UInt64?
    /// What identifies it; nil without a serial number.
    package var identity: MemdevIdentity?

    /// A memory device as sysfs shows it.
    package init(name: String, hasEndpoint: Bool, persistentSize: UInt64? = nil, identity: MemdevIdentity? = nil) {
        self.identity = identity
        self.name = name
        self.hasEndpoint = hasEndpoint
        self.persistentSize = persistentSize
    }
}
