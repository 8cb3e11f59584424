internal import Iomem
internal import LinuxSystem

/// What `daxctl list -iDRM` or `-iDRu` printed, as the dax bus of sysfs that it was read from.
struct DaxctlListing {
    private let regions: [(path: String, members: Listing)]

    /// Nil if the text is not a listing of regions: without them nobody says what a device hangs below.
    init?(_ text: [UInt8]) {
        guard let listing = Listing.parse(text) else { return nil }
        let elements = listing.elements
        regions = elements.compactMap { region in region["path"]?.string.map { ($0, region) } }
        guard regions.count == elements.count else { return nil }
    }

    /// The names of the dax regions: `hmem.0`, `dax_region0`.
    var names: Set<String> { Set(regions.compactMap { $0.path.parts(at: "/").last.map(String.init) }) }

    /// The driver of a device in each mode (daxctl: daxctl/json.c).
    private static let drivers = ["system-ram": "kmem", "devdax": "device_dax", "famfs": "fsdev_dax"]

    /// Puts the bus into a tree.
    ///
    /// - Parameter iomem: the ranges of `/proc/iomem`, which has a device that a driver is bound to. Without mappings the
    ///   listing has no addresses.
    func add(to tree: inout StoredTree, iomem: IomemTree?) {
        tree.add(directory: "/sys/bus/dax/devices")
        tree.add(directory: "/sys/bus/platform/devices")
        for (listed, members) in regions {
            let path = Self.path(listed)
            let devices = members["devices"]?.elements ?? []
            let name = path.parts(at: "/").last.map(String.init) ?? ""
            if name.isNumbered("hmem.") {
                tree.addDevice(name, on: "platform", at: path)
                if !devices.isEmpty { tree.addDriver("hmem", of: path, on: "platform") }
            } else if name.isNumbered("dax_region") {
                tree.addDriver("cxl_dax_region", of: path, on: "cxl")
            }
            for device in devices {
                guard let name = device["chardev"]?.string, name.hasPrefix("dax"), !name.contains("/") else { continue }
                add(name, at: "\(path)/\(name)", device, to: &tree, iomem)
            }
        }
    }

    /// The bytes of a device: its mappings, or its line in `/proc/iomem`.
    private static func ranges(of name: String, _ device: Listing, _ iomem: IomemTree?) -> [AddressRange] {
        let mapped = (device["mappings"]?.elements ?? []).compactMap { mapping -> AddressRange? in
            guard let start = mapping["start"]?.value, let end = mapping["end"]?.value else { return nil }
            return AddressRange(start: start, end: end)
        }
        return mapped.isEmpty ? iomem?.entries { $0 == name }.prefix(1).map(\.range) ?? [] : mapped
    }

    /// The memory blocks of the devices that kmem has; nil where the listing does not tell them.
    func memory(iomem: IomemTree?) -> DaxctlMemory? {
        var listed: [DaxctlMemory.Device] = []
        for device in regions.flatMap({ $0.members["devices"]?.elements ?? [] })
        where device["mode"]?.string == "system-ram" && device["state"]?.string != "disabled" {
            guard let name = device["chardev"]?.string, let online = device["online_memblocks"]?.value,
                let total = device["total_memblocks"]?.value
            else { return nil }
            let isMovable = if case .bool(true) = device["movable"] { true } else { false }
            listed.append(
                DaxctlMemory.Device(
                    name: name,
                    ranges: Self.ranges(of: name, device, iomem),
                    online: online,
                    total: total,
                    isMovable: isMovable
                )
            )
        }
        return DaxctlMemory(listed, iomem: iomem)
    }

    private func add(
        _ name: String,
        at path: String,
        _ device: Listing,
        to tree: inout StoredTree,
        _ iomem: IomemTree?
    ) {
        tree.addDevice(name, on: "dax", at: path)
        tree.add(text: "\(device["size"]?.value ?? 0)\n", at: "\(path)/size")
        for (number, range) in Self.ranges(of: name, device, iomem).enumerated() {
            tree.add(text: hexadecimal(range.start) + "\n", at: "\(path)/mapping\(number)/start")
            tree.add(text: hexadecimal(range.end) + "\n", at: "\(path)/mapping\(number)/end")
        }
        if let node = device["target_node"]?.value { tree.add(text: "\(node)\n", at: "\(path)/target_node") }
        if device["state"]?.string != "disabled", let mode = device["mode"]?.string, let driver = Self.drivers[mode] {
            tree.addDriver(driver, of: path, on: "dax")
        }
    }

    /// The real path; below `cxl_acpi`, as `CxlListing` has it, whatever ACPI device that hangs below.
    private static func path(_ listed: String) -> String {
        let parts = listed.parts(at: "/").filter { $0 != "." && $0 != ".." }
        if let decoder = parts.firstIndex(where: { $0.hasPrefix("decoder") }), decoder + 1 < parts.count {
            let region = CxlListing.path(ofRegion: String(parts[decoder + 1]), below: String(parts[decoder]))
            return ([region] + parts[(decoder + 2)...].map(String.init)).joined(separator: "/")
        }
        return "/sys/devices/" + parts.joined(separator: "/")
    }
}
