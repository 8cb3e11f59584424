internal import Machine

/// Reads what memory the host has to spare.
struct MemoryRoomReading {
    let tree: any FileTree

    private static let nodes = "/sys/devices/system/node"

    /// Nil where `/proc/meminfo` does not tell. Nothing but a refusal depends on it: what makes no sense counts as not there.
    func read() -> MemoryRoom? {
        let host = fields("/proc/meminfo")
        guard let available = host["MemAvailable"] else { return nil }
        return MemoryRoom(
            available: available,
            swapFree: host["SwapFree"] ?? 0,
            nodes: names(Self.nodes).compactMap(node)
        )
    }

    private func node(_ name: String) -> MemoryNode? {
        let path = "\(Self.nodes)/\(name)"
        guard name.isNumbered("node"), let number = Int(name.dropFirst("node".count)) else { return nil }
        let memory = fields("\(path)/meminfo")
        guard let total = memory["MemTotal"], let free = memory["MemFree"] else { return nil }
        var node = MemoryNode(number: number, total: total, free: free)
        for size in names("\(path)/hugepages") {
            guard let kibibytes = UInt64(size.drop { !$0.isASCIIDigit }.prefix(while: \.isASCIIDigit)) else { continue }
            let count = { (file: String) in
                tree.optionalValue("\(path)/hugepages/\(size)/\(file)").flatMap { UInt64($0) } ?? 0
            }
            let (all, free) = (count("nr_hugepages"), count("free_hugepages"))
            node.hugepagesFree = node.hugepagesFree &+ free &* kibibytes &* 1024
            node.hugepagesUsed = node.hugepagesUsed &+ (all - min(all, free)) &* kibibytes &* 1024
        }
        return node
    }

    /// The values of a meminfo in bytes: `MemFree:  123 kB`, of a node `Node 1 MemFree:  123 kB`.
    private func fields(_ path: String) -> [String: UInt64] {
        let text: String?
        do { text = try tree.text(path) } catch { return [:] }
        var fields: [String: UInt64] = [:]
        for line in (text ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 3, words.last == "kB", let kibibytes = UInt64(words[words.count - 2]),
                kibibytes < 1 << 42
            else { continue }
            fields[String(words[words.count - 3].dropLast())] = kibibytes << 10
        }
        return fields
    }

    private func names(_ path: String) -> [String] {
        do { return try tree.names(in: path) { _ in true } } catch { return [] }
    }
}
