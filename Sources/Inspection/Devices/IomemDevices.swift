internal import Iomem
internal import Machine

extension ModuleTable {
    /// The modules without which lines of `/proc/iomem`, or drivers of devices, would not be there.
    mutating func addDrivers(in iomem: IomemTree, _ tree: any FileTree) {
        let lines = iomem.flattened.map(\.entry.name)
        let devices = IomemDevices(iomem).daxDevices
        func isBound(_ bus: String, _ prefix: String, _ driver: String) -> Bool {
            tree.optionalNames(in: "/sys/bus/\(bus)/devices").contains { name in
                name.hasPrefix(prefix)
                    && tree.realPath("/sys/bus/\(bus)/devices/\(name)").flatMap { tree.linkName("\($0)/driver") }
                        == driver
            }
        }
        let hasMemdev = isBound("cxl", "mem", "cxl_mem")
        let hasDaxRegion = tree.optionalNames(in: "/sys/bus/dax/devices").contains { name in
            tree.realPath("/sys/bus/dax/devices/\(name)")?.holds("/dax_region") == true
        }
        let found = [
            "cxl_acpi": lines.contains { $0.isNumbered("CXL Window ") },
            "kmem": lines.contains("System RAM (kmem)") || isBound("dax", "dax", "kmem"), "cxl_mem": hasMemdev,
            "cxl_pci": hasMemdev, "cxl_port": hasMemdev,
            // A dax device goes with the driver of what it hangs below.
            "dax_cxl": hasDaxRegion || devices.contains { $0.owner == .cxl },
            "dax_hmem": isBound("platform", "hmem.", "hmem") || devices.contains { $0.owner == .hmem },
            "device_dax": isBound("dax", "dax", "device_dax"),
        ].filter(\.value).keys.sorted()
        for (position, name) in found.enumerated() where !builtin.contains(name) {
            loaded[name] = LoadedModule(isLive: true, references: 0, users: [], address: 0, position: position)
        }
    }
}

/// The regions and dax devices that have a line in `/proc/iomem`, for material that has nothing of sysfs.
///
/// A region has its line from when it gets its bytes (drivers/cxl/core/region.c: alloc_hpa()); a device only while a driver is
/// bound to it (devm_request_mem_region() in drivers/dax/kmem.c and drivers/dax/device.c). So there may be more devices.
struct IomemDevices {
    private let lines: [Line]
    private let index: RangeIndex

    /// A line with the names of those around it, the outermost first.
    private struct Line {
        var entry: IomemEntry
        var parents: [String]
    }

    /// The devices in `iomem`.
    init(_ iomem: IomemTree) {
        var lines: [Line] = []
        func visit(_ entries: [IomemEntry], _ parents: [String]) {
            for entry in entries {
                lines.append(Line(entry: entry, parents: parents))
                visit(entry.children, parents + [entry.name])
            }
        }
        visit(iomem.roots, [])
        self.lines = lines
        index = RangeIndex(lines.map(\.entry.range))
    }

    /// The ram regions: those with Soft Reserved bytes or a dax device in them, and those of which nothing tells.
    ///
    /// Only a region with a device is known to be committed and assembled.
    var regions: [Region] {
        lines.filter { $0.entry.name.isNumbered("region") }.map { line in
            let inside = index.places(overlapping: line.entry.range).map { lines[$0].entry }
                .filter { line.entry.range.contains($0.range) }.map(\.name)
            let isAssembled = inside.contains(where: Self.isDevice)
            return Region(
                name: line.entry.name,
                range: line.entry.range,
                mode: inside.contains { $0.hasPrefix("namespace") || $0 == "Persistent Memory" } ? "pmem" : "ram",
                committed: isAssembled,
                locked: nil,
                assembled: isAssembled,
                daxDriver: isAssembled ? "cxl_dax_region" : nil,
                targets: []
            )
        }
    }

    /// The dax devices. Those of persistent memory have no owner.
    var daxDevices: [DaxDevice] {
        lines.filter { Self.isDevice($0.entry.name) }.map { line in
            let region = line.parents.last { $0.isNumbered("region") }
            let hmem = line.parents.last { $0.isNumbered("hmem.") }
            let isPersistent = line.parents.contains { $0 == "Persistent Memory" || $0.hasPrefix("namespace") }
            // dax_hmem numbers the regions of dax devices as its own devices (drivers/dax/hmem/hmem.c: dax_hmem_probe()).
            let number = line.entry.name.dropFirst("dax".count).prefix { $0 != "." }
            let isMemory = line.entry.children.contains { $0.name == "System RAM (kmem)" }
            var device = DaxDevice(
                name: line.entry.name,
                ranges: [line.entry.range],
                owner: isPersistent ? nil : region == nil ? .hmem : .cxl,
                through: region ?? hmem ?? (isPersistent ? "" : "hmem.\(number)"),
                driver: isMemory ? "kmem" : "device_dax"
            )
            // Kernels from 6.3 on have no line for hmem.N; an excerpt may lack it, or the line of the memory.
            device.throughIsKnown = region != nil || hmem != nil || isPersistent
            device.driverIsKnown = isMemory
            return device
        }
    }

    /// `dax0.0`.
    private static func isDevice(_ name: String) -> Bool {
        let parts = name.dropFirst("dax".count).split(separator: ".", omittingEmptySubsequences: false)
        return name.hasPrefix("dax") && parts.count == 2
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isASCIIDigit) }
    }
}
