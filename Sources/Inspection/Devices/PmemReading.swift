internal import Iomem
internal import Machine

/// Reads which namespaces of persistent memory are active, and who uses them (Documentation/ABI/testing/sysfs-bus-nvdimm).
struct PmemReading {
    let tree: any FileTree
    let modules: ModuleTable

    private static let bus = "/sys/bus/nd/devices"
    private static let kinds = ["namespace", "btt", "pfn", "dax"]

    /// The active namespaces by name; nil where libnvdimm is there and the recording has nothing of it.
    func read() throws(InspectionError) -> [PmemNamespace]? {
        guard tree.exists(Self.bus) else {
            return ["live", "builtin"].contains(modules.state(of: "libnvdimm").rawValue) ? nil : []
        }
        var active: [PmemNamespace] = []
        let names = try tree.names(in: Self.bus) { name in
            Self.kinds.contains { name.hasPrefix($0) && name.dropFirst($0.count).first?.isASCIIDigit == true }
        }
        for name in names {
            guard let path = tree.realPath("\(Self.bus)/\(name)"), tree.linkName("\(path)/driver") != nil else {
                continue
            }
            let region = path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
            let start = try tree.number("\(region)/resource")
            let size = try tree.number("\(region)/size")
            let range = start.flatMap { start in size.flatMap { AddressRange(start: start, size: $0) } }
            active.append(PmemNamespace(name: name, range: range, users: try users(of: path)))
        }
        return active
    }

    /// What is mounted from the block devices of a namespace, and what else stands on them.
    private func users(of path: String) throws(InspectionError) -> [String] {
        var users: [String] = []
        for disk in try tree.names(in: "\(path)/block", where: { _ in true }) {
            let number = tree.optionalValue("\(path)/block/\(disk)/dev") ?? ""
            users += mounts(of: number).map { "\(disk) is mounted at \($0)" }
            users += try tree.names(in: "\(path)/block/\(disk)/holders") { _ in true }.map { "\($0) holds \(disk)" }
        }
        return users
    }

    /// Where the device of that number is mounted, in any mount namespace.
    private func mounts(of number: String) -> [String] {
        var places: Set<String> = []
        for process in names("/proc") where Int(process) != nil {
            for line in text("/proc/\(process)/mountinfo").split(separator: "\n") {
                // ID PARENT MAJOR:MINOR ROOT PLACE … (Documentation/filesystems/proc.rst)
                let words = line.split(separator: " ", maxSplits: 5)
                if words.count > 4, words[2] == number { places.insert(String(words[4])) }
            }
        }
        return places.sorted()
    }

    private func names(_ path: String) -> [String] {
        do { return try tree.list(path) ?? [] } catch { return [] }
    }

    private func text(_ path: String) -> String {
        do { return try tree.text(path) ?? "" } catch { return "" }
    }
}
