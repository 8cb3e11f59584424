package import Machine

// The words of `status` about memory: where it lies, who owns it, and what it is used for.

extension Term {
    /// Words without an enumeration: places, and what is said about windows and regions.
    static let ofMemory = [
        Term(
            "Soft Reserved range",
            .memory,
            "Memory that the firmware marked as \"specific purpose\", so the kernel leaves it to a driver. One such range "
                + "always goes to one driver as a whole.",
            source: "EFI_MEMORY_SP; drivers/dax/hmem/device.c"
        ),
        Term(
            "HMEM range",
            .memory,
            "The unit that dax_hmem takes: a Soft Reserved range, or, if the firmware has an HMAT, a range of the SRAT.",
            source: "drivers/acpi/numa/hmat.c: hmat_register_target_devices()"
        ),
        Term(
            "window",
            .memory,
            "A CXL Fixed Memory Window: addresses that the host bridge sends to CXL devices. /proc/iomem shows it as CXL "
                + "Window N only while cxl_acpi is bound.",
            source: "CFMWS in the ACPI table CEDT; drivers/cxl/acpi.c"
        ),
        Term(
            "region",
            .memory,
            "A CXL region: a part of a window with the memory devices behind it. A ram region is volatile memory, a pmem "
                + "region persistent memory.",
            source: "drivers/cxl/core/region.c"
        ),
        Term(
            "decoder",
            .memory,
            "The hardware setting that maps addresses to a memory device. Without a programmed decoder there is no memory "
                + "behind an address.",
            source: "drivers/cxl/core/hdm.c"
        ),
        Term(
            "committed",
            .memory,
            "The decoders of the region are programmed, so its memory can be used.",
            source: "/sys/bus/cxl/devices/regionN/commit"
        ),
        Term(
            "not committed",
            .memory,
            "The decoders of the region are not programmed. Its addresses have no memory.",
            source: "/sys/bus/cxl/devices/regionN/commit"
        ),
        Term(
            "locked",
            .memory,
            "The firmware or the kernel locked the decoders. Kernels 7.0 and later then don't reset them when cxl_acpi is "
                + "unloaded; kernels up to 6.19 do.",
            source: "/sys/bus/cxl/devices/regionN/locked; rules lock-honoured and lock-ignored"
        ),
        Term(
            "not locked",
            .memory,
            "Unloading cxl_acpi resets the decoders of the region. Its contents are then lost.",
            source: "/sys/bus/cxl/devices/regionN/locked; rule removal-resets-decoders"
        ),
        Term(
            "assembled",
            .memory,
            "The region has a dax region, so dax_cxl can create a device for its memory.",
            source: "/sys/bus/cxl/devices/regionN/dax_regionN"
        ),
        Term(
            "not assembled",
            .memory,
            "The region has no dax region. Its memory can't be used through CXL; the kernel log has the reason.",
            source: "drivers/cxl/core/region.c: cxl_region_probe()"
        ),
        Term(
            "live",
            .memory,
            "About a window: it has a line in /proc/iomem, because cxl_acpi is bound.",
            source: "drivers/cxl/acpi.c: cxl_acpi_probe()"
        ),
        Term(
            "fixed",
            .memory,
            "The firmware says that the configuration of the window must not change. The kernel then locks its regions.",
            source: "CEDT, CFMWS restrictions: Fixed Device Configuration"
        ),
        Term(
            "device",
            .memory,
            "The dax device over the range, for example dax0.0. The number says nothing about the owner.",
            source: "/sys/bus/dax/devices"
        ),
        Term(
            "through",
            .memory,
            "The parent of the dax device: regionN if CXL owns the range, hmem.N if dax_hmem owns it.",
            source: "the path of the device below /sys/devices"
        ),
        Term(
            "blocks online",
            .memory,
            "How many memory blocks of the range the kernel uses as ordinary memory now, and how many there are.",
            source: "/sys/devices/system/memory/memoryN/state"
        ),
        Term("loaded", .modules, "The module is loaded and ready. JSON documents say live.", source: "/proc/modules"),
        Term("not loaded", .modules, "The module is not loaded. JSON documents say absent.", source: "/proc/modules"),
        Term(
            "built in",
            .modules,
            "The module is part of the kernel, so it can't be unloaded. JSON documents say builtin.",
            source: "modules.builtin"
        ),
        Term(
            "not in this kernel",
            .modules,
            "The kernel was built without the module, or its package is not installed. JSON documents say missing.",
            source: "modules.dep"
        ),
        Term(
            "Normal",
            .zones,
            "A zone from which the kernel also allocates its own data, which can't be moved. Memory there often can't go "
                + "offline again.",
            source: "/sys/devices/system/memory/memoryN/valid_zones"
        ),
        Term(
            "memory block",
            .memory,
            "The smallest unit that can go online or offline, for example 128 MiB or 2 GiB.",
            source: "/sys/devices/system/memory/block_size_bytes"
        ),
        Term(
            "range",
            .memory,
            "Physical addresses from the first to the last, both included. Each range has one owner in a prediction."
        ),
        Term("owner", .memory, "The driver that has the dax device of a range: cxl, hmem, none or both."),
        Term("use", .memory, "What the memory of a range is used for, for example system-ram."),
        Term(
            "online",
            .memory,
            "The kernel uses the memory block as ordinary memory.",
            source: "/sys/devices/system/memory/memoryN/state"
        ),
        Term(
            "zone",
            .zones,
            "The kernel puts each online memory block into a zone. Memory in zone Movable can go offline again; in zone Normal "
                + "it often can't.",
            source: "/sys/devices/system/memory/memoryN/valid_zones"
        ),
    ]

    /// The kernel modules that decide who owns the memory, or that use it.
    static let ofDrivers = [
        Term(
            "cxl_acpi",
            .drivers,
            "The driver of the CXL host bridges. It adds the CXL windows to /proc/iomem. If it is unloaded, the kernel resets "
                + "the decoders of regions that are not locked.",
            source: "drivers/cxl/acpi.c"
        ),
        Term(
            "dax_cxl",
            .drivers,
            "The driver that creates dax devices for CXL regions. The owner is then cxl.",
            source: "drivers/dax/cxl.c"
        ),
        Term(
            "dax_hmem",
            .drivers,
            "The driver that creates dax devices for Soft Reserved memory. The owner is then hmem.",
            source: "drivers/dax/hmem/hmem.c"
        ),
        Term(
            "kmem",
            .drivers,
            "The driver that adds the memory of a dax device to the kernel as ordinary memory (use system-ram).",
            source: "drivers/dax/kmem.c"
        ),
    ]
}

extension Owner: Explained {
    package static var group: Term.Group { .owners }

    package var meaning: String {
        switch self {
        case .cxl: "The CXL drivers own the range: its dax device belongs to a CXL region (dax_cxl)."
        case .hmem: "dax_hmem, the fallback driver, owns the range: its dax device is below hmem.N."
        case .none: "No driver owns the range, so its memory can't be used."
        case .both:
            "Two dax devices cover the range, one of CXL and one of dax_hmem. Two drivers can corrupt the same memory."
        }
    }

    package var source: String? {
        self == .both ? "possible before 7.1; rule both-claim" : "the parent of the dax device in /sys/devices"
    }
}

extension MemoryState: Explained {
    package static var group: Term.Group { .uses }

    package var meaning: String {
        switch self {
        case .idle: "The range has a dax device, but the device has no driver."
        case .devdax: "The memory is a character device, /dev/daxN.M, for programs that map it."
        case .famfs: "The device is prepared for the file system famfs (7.2 and later)."
        case .systemRAM:
            "The kernel uses the memory, or can use it, as ordinary memory: kmem added its blocks, which are online or "
                + "offline."
        case .leaked:
            "kmem added the memory, but its device is gone. No driver can own it before a reboot."
        case .none: "The range has no dax device."
        }
    }

    package var source: String? {
        switch self {
        case .idle, .none: "/sys/bus/dax/devices"
        case .devdax: "drivers/dax/device.c"
        case .famfs: "the driver fsdev_dax"
        case .systemRAM: "drivers/dax/kmem.c"
        case .leaked: "drivers/dax/kmem.c: dev_dax_kmem_remove()"
        }
    }
}

extension RangeMemory: Explained {
    package static var group: Term.Group { .rangeMemory }

    package var meaning: String {
        switch self {
        case .softReserved: "Memory that the firmware marked for drivers."
        case .decoded: "A decoder of a CXL memory device maps these addresses."
        case .systemRAM: "The kernel has used this memory as its own since boot."
        case .reserved: "Another line of /proc/iomem, not of a dax driver, covers the addresses."
        case .none: "No table or device reports memory at these addresses. Using them crashes the kernel."
        }
    }
}

extension MemoryUse.OnlineZone: Explained {
    package static var group: Term.Group { .zones }

    package var meaning: String {
        switch self {
        case .movable: "ZONE_MOVABLE. The contents can be moved away, so the memory can go offline again."
        case .kernel: "A zone for the kernel's own data (Normal). Memory there often can't go offline again."
        case .automatic: "The zone is not known, so the kernel chooses one."
        case .offline: "kmem has the memory, but its blocks are offline: the kernel does not use it."
        }
    }

    package var source: String? { self == .automatic ? nil : "drivers/base/memory.c: valid_zones_show(), state_show()" }
}
