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

    /// The active namespaces by name; nil where libnvdimm is there and the recording has nothing of it.
    func read() throws(InspectionError) -> [PmemNamespace]? {
        guard tree.exists(Self.bus) else {
            return ["live", "builtin", "unknown"].contains(modules.state(of: "libnvdimm").rawValue) ? nil : []
        }
        let names = try tree.names(in: Self.bus) { name in
            Self.kinds.contains { name.hasPrefix($0) && name.dropFirst($0.count).first?.isASCIIDigit == true }
        }
        var active: [(name: String, region: String, disks: [Disk])] = []
        for name in names {
            guard let path = tree.realPath("\(Self.bus)/\(name)"), tree.linkName("\(path)/driver") != nil else {
                continue
            }
            let region = path.parts(at: "/").dropLast().map { "/\($0)" }.joined()
            active.append((name, region, try disks(of: path)))
        }
        var ranges: [String: AddressRange] = [:]
        for region in Set(active.map(\.region)) { ranges[region] = try range(ofRegion: region) }
        let mounts = mounts(of: Set(active.flatMap(\.disks).map(\.number)))
        return active.map { name, region, disks in
            let users = disks.flatMap { disk in
                (mounts[disk.number] ?? []).sorted().map { "\(disk.name) is mounted at \($0)" }
                    + disk.holders.map { "\($0) holds \(disk.name)" }
            }
            return PmemNamespace(name: name, range: ranges[region], users: users)
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

    private func range(ofRegion region: String) throws(InspectionError) -> AddressRange? {
        let start = try tree.number("\(region)/resource")
        let size = try tree.number("\(region)/size")
        return start.flatMap { start in size.flatMap { AddressRange(start: start, size: $0) } }
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
