internal import Iomem
internal import LinuxSystem
internal import Machine

/// Reads which namespaces of persistent memory are active, and who uses them (Documentation/ABI/testing/sysfs-bus-nvdimm).
struct PmemReading {
    let tree: any FileTree
    let modules: ModuleTable
    let table: ProcessTable

    private static let bus = "/sys/bus/nd/devices"
    private static let kinds = ["namespace", "btt", "pfn", "dax"]

    /// What the nd bus of sysfs has.
    struct Found {
        /// The active namespaces by name; nil where libnvdimm is there and the recording has nothing of it.
        var active: [PmemNamespace]?
        /// Each region of persistent memory with its namespaces.
        var regions: [PmemRegion]
        /// The labels on persistent memory devices.
        var labels: [PmemLabels] = []
    }

    /// - Parameter layouts: The committed regions of persistent memory.
    func read(_ layouts: [RegionLayout]) throws(InspectionError) -> Found {
        guard tree.exists(Self.bus) else {
            let isThere = ["live", "builtin", "unknown"].contains(modules.state(of: "libnvdimm").rawValue)
            return Found(active: isThere ? nil : [], regions: layouts.map { PmemRegion(layout: $0, volumes: nil) })
        }
        let names = try tree.names(in: Self.bus) { _ in true }
        var ranges: [String: AddressRange] = [:]
        let active = try active(
            names.filter { name in
                Self.kinds.contains { name.hasPrefix($0) && name.dropFirst($0.count).first?.isASCIIDigit == true }
            },
            &ranges
        )
        let volumes =
            layouts.isEmpty ? [:] : try volumes(names.filter { $0.hasPrefix("namespace") }, &ranges)
        return Found(
            active: active,
            regions: try regions(layouts, names.filter { $0.hasPrefix("region") }, volumes, &ranges),
            labels: labels(names.filter { $0.hasPrefix("nmem") })
        )
    }

    /// - Parameter ranges: The bytes of each nd region by its path, as far as they have been read.
    private func active(
        _ names: [String],
        _ ranges: inout [String: AddressRange]
    ) throws(InspectionError) -> [PmemNamespace] {
        var active: [(name: String, range: AddressRange?, disks: [Disk])] = []
        for name in names {
            guard let path = tree.realPath("\(Self.bus)/\(name)"), tree.linkName("\(path)/driver") != nil else {
                continue
            }
            active.append((name, try range(around: path, &ranges), try disks(of: path)))
        }
        let mounts = mounts(of: Set(active.flatMap(\.disks).map(\.number)))
        return active.map { name, range, disks in
            let users = disks.flatMap { disk in
                (mounts[disk.number] ?? []).sorted().map { "\(disk.name) is mounted at \($0)" }
                    + disk.holders.map { "\($0) holds \(disk.name)" }
            }
            return PmemNamespace(name: name, range: range, users: users)
        }
    }

    /// The namespaces that have bytes, by the bytes of their region.
    private func volumes(
        _ names: [String],
        _ ranges: inout [String: AddressRange]
    ) throws(InspectionError) -> [AddressRange: [PmemVolume]] {
        var found: [AddressRange: [PmemVolume]] = [:]
        for name in names {
            guard let path = tree.realPath("\(Self.bus)/\(name)"), let size = try tree.number("\(path)/size"), size > 0
            else { continue }
            guard let range = try range(around: path, &ranges) else { continue }
            found[range, default: []].append(PmemVolume(mode: mode(ofNamespace: path), size: size))
        }
        return found
    }

    /// What takes a namespace, as its label has it (drivers/nvdimm/namespace_devs.c: holder_class_show()), in ndctl's words.
    private func mode(ofNamespace path: String) -> String {
        switch tree.optionalValue("\(path)/holder_class") {
        case "pfn": "fsdax"
        case "dax": "devdax"
        case "btt": "sector"
        default: "raw"
        }
    }

    /// The regions with their namespaces. Without an nd region that has its driver (drivers/nvdimm/region.c: nd_region_probe()
    /// makes the namespaces of the labels) it is not known what is on one.
    private func regions(
        _ layouts: [RegionLayout],
        _ names: [String],
        _ volumes: [AddressRange: [PmemVolume]],
        _ ranges: inout [String: AddressRange]
    ) throws(InspectionError) -> [PmemRegion] {
        if layouts.isEmpty { return [] }
        var bound: Set<AddressRange> = []
        for name in names {
            guard let path = tree.realPath("\(Self.bus)/\(name)"), tree.linkName("\(path)/driver") != nil else {
                continue
            }
            if let range = try range(ofRegion: path, &ranges) { bound.insert(range) }
        }
        return layouts.map { layout in
            PmemRegion(
                layout: layout,
                volumes: bound.contains(layout.range) ? volumes[layout.range] ?? [] : volumes[layout.range]
            )
        }
    }

    private func labels(_ names: [String]) -> [PmemLabels] {
        names.map { name in
            PmemLabels(
                name: name,
                serial: tree.optionalValue("\(Self.bus)/\(name)/cxl/id"),
                // Without a label area, ENXIO (drivers/nvdimm/dimm_devs.c: __available_slots_show()).
                freeSlots: tree.optionalValue("\(Self.bus)/\(name)/available_slots").flatMap { parseNumber($0) }
            )
        }
    }

    /// A block device of a namespace, and what stands on it.
    private struct Disk {
        var name: String
        /// `259:0`; empty where it can't be read.
        var number: String
        var holders: [String]
    }

    private func disks(of path: String) throws(InspectionError) -> [Disk] {
        var disks: [Disk] = []
        for name in try tree.names(in: "\(path)/block", where: { _ in true }) {
            disks.append(
                Disk(
                    name: name,
                    number: tree.optionalValue("\(path)/block/\(name)/dev") ?? "",
                    holders: try tree.names(in: "\(path)/block/\(name)/holders") { _ in true }
                )
            )
        }
        return disks
    }

    /// The bytes of the nd region that the namespace at `path` is on.
    private func range(
        around path: String,
        _ ranges: inout [String: AddressRange]
    ) throws(InspectionError) -> AddressRange? {
        try range(ofRegion: path.parts(at: "/").dropLast().map { "/\($0)" }.joined(), &ranges)
    }

    private func range(
        ofRegion region: String,
        _ ranges: inout [String: AddressRange]
    ) throws(InspectionError) -> AddressRange? {
        if let range = ranges[region] { return range }
        let start = try tree.number("\(region)/resource")
        let size = try tree.number("\(region)/size")
        ranges[region] = start.flatMap { start in size.flatMap { AddressRange(start: start, size: $0) } }
        return ranges[region]
    }

    /// Where the devices of these numbers are mounted, in any mount namespace.
    private func mounts(of numbers: Set<String>) -> [String: Set<String>] {
        guard !numbers.isEmpty else { return [:] }
        var places: [String: Set<String>] = [:]
        for mount in table.mounts where numbers.contains(String(mount.device)) {
            places[String(mount.device), default: []].insert(String(mount.place))
        }
        return places
    }
}
