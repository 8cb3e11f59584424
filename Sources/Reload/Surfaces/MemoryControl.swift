/// Memory blocks, regions, and the drivers of dax devices and of what makes them: attributes of sysfs that something is
/// written to.
package protocol MemoryControl {
    /// Writes `value` into `attribute` and waits until the kernel is done with it.
    ///
    /// `goesOn` is asked now and then while the kernel works; once it says no, the write is broken off and ends with
    /// EINTR. What the kernel had done by then shows in the machine.
    /// - Throws: `WriteRefusal` with the kernel's answer.
    func write(_ value: String, to attribute: MemoryAttribute, while goesOn: () -> Bool) throws(WriteRefusal)

    /// What `attribute` says now: the first line; nil where it can't be read.
    func value(of attribute: MemoryAttribute) -> String?

    /// Whether a memory block is online now; nil where it is gone.
    func isOnline(block number: Int) -> Bool?
}

/// An attribute that `MemoryControl` writes to.
package enum MemoryAttribute: Hashable, Sendable {
    /// The `state` of a memory block: takes `offline`, `online`, `online_kernel`, `online_movable`
    /// (Documentation/ABI/testing/sysfs-devices-memory).
    case block(Int)
    /// The `state` of a dax device that kmem holds: `unplugged` takes all of its blocks offline and away, or none
    /// (drivers/dax/kmem.c: state_store(); 7.3 on).
    case device(String)
    /// The `size` of a dax device without driver: bytes at its end become free (drivers/dax/bus.c: size_store()).
    case size(String)
    /// The `mapping` of a dax device without driver: takes `START-END`, in hexadecimal digits, and gives it these bytes of its
    /// region (drivers/dax/bus.c: mapping_store()).
    case mapping(String)
    /// `create` of the dax region of `regionN` or `hmem.N`: `1` makes a device without bytes (create_store()).
    case create(String)
    /// A file of a driver on the dax bus: takes a device's name.
    case driver(String, Binding)
    /// A file of a driver on the platform bus: takes a device's name, `ACPI0017:00` or `hmem_platform.0`.
    case platformDriver(String, Binding)
    /// A file of the driver of regions on the CXL bus: takes `regionN`.
    case regionDriver(Binding)
    /// `drivers_probe` of the CXL bus: takes `dax_regionN`, whose driver has no `bind` (drivers/dax/cxl.c:
    /// suppress_bind_attrs).
    case cxlProbe
    /// `create_ram_region` of a root decoder: names the next region, and takes that name (drivers/cxl/core/region.c:
    /// create_ram_region_store()).
    case createRegion(String)
    /// `delete_region` of a root decoder: takes the name of a region in any state (delete_region_store()).
    case deleteRegion(String)
    /// A file of a region.
    case region(String, OfRegion)
    /// A file of a memory device's decoder.
    case endpointDecoder(String, OfDecoder)

    /// The files of a region that make it what it is (Documentation/ABI/testing/sysfs-bus-cxl).
    package enum OfRegion: Hashable, Sendable {
        /// Bytes for one target at a time, a power of two.
        case granularity
        /// The number of targets.
        case ways
        /// In bytes: the kernel chooses where they lie.
        case size
        /// Where they lie; only to be read.
        case resource
        /// Takes the decoder for a position, from 0.
        case target(Int)
        /// `1` programs the decoders.
        case commit

        /// Its name.
        var name: String {
            switch self {
            case .granularity: "interleave_granularity"
            case .ways: "interleave_ways"
            case .size: "size"
            case .resource: "resource"
            case .target(let position): "target\(position)"
            case .commit: "commit"
            }
        }
    }

    /// The files of a memory device's decoder.
    package enum OfDecoder: String, Sendable {
        /// `ram` or `pmem`.
        case mode
        /// In bytes: the kernel chooses which of the device's they are; 0 gives them back.
        case dpaSize = "dpa_size"
        /// Where they are in the device; only to be read.
        case dpaResource = "dpa_resource"
    }

    /// The files that bind devices to drivers.
    package enum Binding: String, Sendable {
        /// Binds a device that the driver matches.
        case bind
        /// Takes a device from its driver.
        case unbind
        /// Makes the driver match the device of a name, and binds it.
        case newID = "new_id"
        /// Makes the driver forget the name; a device that is bound stays so.
        case removeID = "remove_id"
    }

    /// A file of dax_hmem's driver of single ranges: takes `hmem.N`.
    package static func hmemDriver(_ binding: Binding) -> MemoryAttribute { .platformDriver("hmem", binding) }

    /// Whether it moves pages, which what is in the memory can prevent.
    var isOfMemory: Bool {
        switch self {
        case .block, .device, .driver: true
        case .size, .mapping, .create, .platformDriver, .regionDriver, .cxlProbe, .createRegion, .deleteRegion, .region,
            .endpointDecoder:
            false
        }
    }

    /// Where it is in sysfs.
    package var path: String {
        switch self {
        case .block(let number): "/sys/devices/system/memory/memory\(number)/state"
        case .device(let name): "/sys/bus/dax/devices/\(name)/state"
        case .size(let name): "/sys/bus/dax/devices/\(name)/size"
        case .mapping(let name): "/sys/bus/dax/devices/\(name)/mapping"
        case .create(let through) where through.hasPrefix("hmem."):
            "/sys/bus/platform/devices/\(through)/dax_region/create"
        case .create(let through): "/sys/bus/cxl/devices/dax_\(through)/dax_region/create"
        case .driver(let name, let binding): "/sys/bus/dax/drivers/\(name)/\(binding.rawValue)"
        case .platformDriver(let name, let binding): "/sys/bus/platform/drivers/\(name)/\(binding.rawValue)"
        case .regionDriver(let binding): "/sys/bus/cxl/drivers/cxl_region/\(binding.rawValue)"
        case .cxlProbe: "/sys/bus/cxl/drivers_probe"
        case .createRegion(let root): "/sys/bus/cxl/devices/\(root)/create_ram_region"
        case .deleteRegion(let root): "/sys/bus/cxl/devices/\(root)/delete_region"
        case .region(let name, let attribute): "/sys/bus/cxl/devices/\(name)/\(attribute.name)"
        case .endpointDecoder(let name, let attribute): "/sys/bus/cxl/devices/\(name)/\(attribute.rawValue)"
        }
    }
}

/// The kernel did not take a value.
package struct WriteRefusal: Error, Sendable, Equatable {
    /// The errno.
    package let code: Int32
    /// Where in the kernel the write hangs, which could not even be broken off; nil where it has ended.
    package let hangsIn: String?

    /// A refusal.
    package init(_ code: Int32, hangsIn: String? = nil) {
        self.code = code
        self.hangsIn = hangsIn
    }
}
