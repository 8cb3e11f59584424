internal import Iomem
internal import LinuxSystem
internal import Machine

/// Reads the dax bus of sysfs (Documentation/ABI/testing/sysfs-bus-dax) and the hmem platform devices.
struct DaxReading {
    let tree: any FileTree
    /// The names in `/sys/bus/platform/devices`.
    let platformDevices: [String]

    /// The dax devices by name.
    func devices() throws(InspectionError) -> [DaxDevice] {
        let bus = "/sys/bus/dax/devices"
        var devices: [DaxDevice] = []
        for name in try tree.names(in: bus, where: { $0.hasPrefix("dax") }) {
            guard let path = try tree.device("\(bus)/\(name)") else { continue }
            let (owner, through) = Self.owner(ofDeviceAt: path)
            let (ranges, regionStart) = try place(path)
            devices.append(
                DaxDevice(
                    name: name,
                    ranges: ranges,
                    owner: owner,
                    through: through,
                    driver: tree.linkName("\(path)/driver"),
                    memoryState: tree.optionalValue("\(path)/state"),
                    targetNode: tree.optionalValue("\(path)/target_node").flatMap { Int($0) },
                    regionStart: regionStart
                )
            )
        }
        return devices
    }

    /// Who made the device: only its real path tells, its number does not.
    ///
    /// `cxl_dax_region_probe()` (drivers/dax/cxl.c) makes it below `regionN/dax_regionN`, `dax_hmem_probe()`
    /// (drivers/dax/hmem/hmem.c) below `hmem.N`.
    static func owner(ofDeviceAt path: String) -> (owner: Owner?, through: String) {
        let parents = path.parts(at: "/").dropLast()
        guard let parent = parents.last else { return (nil, "") }
        if parent.isNumbered("hmem.") { return (.hmem, String(parent)) }
        if parent.isNumbered("dax_region"), let region = parents.dropLast().last, region.isNumbered("region") {
            return (.cxl, String(region))
        }
        return (nil, String(parent))
    }

    /// The bytes of the device and, of one that has none, where its region starts (drivers/dax/bus.c: resource_show()).
    private func place(_ path: String) throws(InspectionError) -> (ranges: [AddressRange], regionStart: UInt64?) {
        var ranges: [AddressRange] = []
        for mapping in try tree.names(in: path, where: { $0.isNumbered("mapping") }) {
            guard let start = try tree.address("\(path)/\(mapping)/start"),
                let end = try tree.address("\(path)/\(mapping)/end")
            else { continue }
            guard let range = AddressRange(start: start, end: end) else {
                throw tree.damaged("\(path)/\(mapping)/end", "the mapping ends before it starts")
            }
            ranges.append(try tree.physical(range, at: "\(path)/\(mapping)/end"))
        }
        if !ranges.isEmpty { return (ranges.sorted(), nil) }
        // A device that goes loses its mappings first.
        let size = try tree.requiredDecimal("\(path)/size")
        let start = try tree.address("\(path)/resource")
        guard let size, size > 0, let start else { return ([], start) }
        guard let range = AddressRange(start: start, size: size) else {
            throw tree.damaged(
                "\(path)/size",
                "\(hexadecimal(size)) bytes from \(hexadecimal(start)) are impossible"
            )
        }
        return ([try tree.physical(range, at: "\(path)/resource")], nil)
    }

    /// The hmem platform devices by name.
    ///
    /// 6.1 makes them at boot, 6.3 and later while dax_hmem is loaded, 7.1 and later below `hmem_platform.0`.
    func hmemDevices() -> [HmemDevice] {
        let bus = "/sys/bus/platform/devices"
        var devices: [HmemDevice] = []
        for name in platformDevices where name.isNumbered("hmem.") {
            guard let path = tree.realPath("\(bus)/\(name)") else { continue }
            let parent = path.parts(at: "/").dropLast().last ?? ""
            devices.append(
                HmemDevice(
                    name: name,
                    isBelowPlatform: parent.hasPrefix("hmem_platform"),
                    isBound: tree.linkName("\(path)/driver") != nil
                )
            )
        }
        return devices
    }
}
