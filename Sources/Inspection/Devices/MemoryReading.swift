internal import Iomem
internal import LinuxSystem
internal import Machine

/// Reads the memory blocks of `/sys/devices/system/memory` (Documentation/admin-guide/mm/memory-hotplug.rst).
struct MemoryReading {
    let tree: any FileTree

    private static let directory = "/sys/devices/system/memory"

    /// The blocks that lie on what dax_hmem takes, in a window, or on memory that kmem added.
    ///
    /// Boot memory is left out: a large host has ten thousands of such blocks, and no module removes them.
    func read(around state: MachineState) throws(InspectionError) -> MemoryBlocks {
        var memory = MemoryBlocks()
        guard let text = try tree.value("\(Self.directory)/block_size_bytes") else { return memory }
        // Hexadecimal without 0x (block_size_bytes_show(), drivers/base/memory.c).
        guard let size = parseHexadecimal(text), size > 0 else {
            throw tree.damaged("\(Self.directory)/block_size_bytes", "\"\(text)\" is not a hexadecimal size")
        }
        // memory_dev_init() (drivers/base/memory.c) accepts no other; read in the wrong base it hardly ever is one.
        guard size.nonzeroBitCount == 1 else {
            throw tree.damaged(
                "\(Self.directory)/block_size_bytes",
                "\"\(text)\" is \(size) bytes (the kernel writes it in hexadecimal), which is not a power of two"
            )
        }
        memory.blockSize = size
        if !state.daxDevices.isEmpty { memory.onliningRules = OnliningRules(tree: tree).files() }
        memory.room = MemoryRoomReading(tree: tree).read()
        memory.autoOnline = try tree.value("\(Self.directory)/auto_online_blocks")
        var wanted = state.softReserved.map(\.range) + state.windows.map(\.range) + state.daxDevices.flatMap(\.ranges)
        wanted += state.softReserved.compactMap(\.hmemRange)
        wanted += state.iomem.entries { $0 == "System RAM (kmem)" }.map(\.range)
        let index = RangeIndex(wanted)
        // A host has tens of thousands of blocks, most of them of its other memory: those are not even sorted.
        let wantedNames = try tree.names(in: Self.directory) { name in
            name.isNumbered("memory") && Self.range(of: name, size: size).map(index.overlaps) == true
        }
        for name in wantedNames {
            guard let range = Self.range(of: name, size: size), let block = try block(name, range: range) else {
                continue
            }
            memory.blocks.append(block)
        }
        return memory
    }

    private static func range(of name: String, size: UInt64) -> AddressRange? {
        guard let number = parseNumber(name.dropFirst("memory".count)) else { return nil }
        let (start, overflow) = number.multipliedReportingOverflow(by: size)
        return overflow ? nil : AddressRange(start: start, size: size)
    }

    private func block(_ name: String, range: AddressRange) throws(InspectionError) -> MemoryBlock? {
        let path = "\(Self.directory)/\(name)"
        guard let number = Int(name.dropFirst("memory".count)), let state = try tree.value("\(path)/state") else {
            return nil
        }
        // The number in the name is the block's index (memory_block_id(), drivers/base/memory.c); compare it with what
        // the block says of itself.
        if let index = try tree.value("\(path)/phys_index"), parseHexadecimal(index) != UInt64(number) {
            throw tree.damaged("\(path)/phys_index", "\"\(index)\" is not the number of \(name)")
        }
        let isOnline = state != "offline"
        // Online, the zone the block is in, or "none" where it lies in several (valid_zones_show()).
        let zone = isOnline ? try tree.value("\(path)/valid_zones") : nil
        return MemoryBlock(
            number: number,
            range: range,
            isOnline: isOnline,
            zone: zone == "none" || zone == "" ? nil : zone,
            isRemovable: tree.optionalValue("\(path)/removable").map { $0 != "0" }
        )
    }
}

/// The udev rules that put memory online by themselves.
package struct OnliningRules {
    private let tree: any FileTree

    /// The rules of a machine.
    package init(tree: any FileTree) { self.tree = tree }

    /// In the order in which a name in one hides the same name in the next (udev(7)).
    private static let directories = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map { "\($0)/udev/rules.d" }

    /// The files that have such a rule, by path. Conditions that other lines set are not followed.
    package func files() -> [String] {
        ConfigurationFiles(tree, in: Self.directories, suffix: ".rules").paths().filter { path in
            // Most of the hundred files say nothing of memory, and need not be split into lines.
            let text = tree.optionalText(path)
            return text.holds("memory") && text.holds("online") && text.lines.contains(where: Self.onlinesMemory)
        }
    }

    /// Whether a line of a rules file matches memory blocks and writes `online…` into their `state`.
    package static func onlinesMemory(_ line: some StringProtocol) -> Bool {
        let line = String(decoding: line.utf8.filter { $0 != 0x20 && !(0x09...0x0d ~= $0) }, as: UTF8.self)
        return !line.hasPrefix("#") && line.holds("SUBSYSTEM==\"memory\"") && line.holds("ATTR{state}=\"online")
    }
}

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
            nodes: tree.optionalNames(in: Self.nodes).compactMap(node)
        )
    }

    private func node(_ name: String) -> MemoryNode? {
        let path = "\(Self.nodes)/\(name)"
        guard name.isNumbered("node"), let number = Int(name.dropFirst("node".count)) else { return nil }
        let memory = fields("\(path)/meminfo")
        guard let total = memory["MemTotal"], let free = memory["MemFree"] else { return nil }
        var node = MemoryNode(number: number, total: total, free: free)
        for size in tree.optionalNames(in: "\(path)/hugepages") {
            guard let kibibytes = UInt64(size.drop { !$0.isASCIIDigit }.prefix(while: \.isASCIIDigit)) else { continue }
            let count = { (file: String) in
                tree.optionalValue("\(path)/hugepages/\(size)/\(file)").flatMap { UInt64($0) } ?? 0
            }
            let (all, free) = (count("nr_hugepages"), count("free_hugepages"))
            let size = kibibytes.multipliedSaturated(by: 1024)
            node.hugepagesFree = node.hugepagesFree.addingSaturated(free.multipliedSaturated(by: size))
            node.hugepagesUsed = node.hugepagesUsed
                .addingSaturated((all - min(all, free)).multipliedSaturated(by: size))
        }
        return node
    }

    /// The values of a meminfo in bytes: `MemFree:  123 kB`, of a node `Node 1 MemFree:  123 kB`.
    private func fields(_ path: String) -> [String: UInt64] {
        var fields: [String: UInt64] = [:]
        for line in tree.optionalText(path).lines {
            let words = line.fields()
            guard words.count >= 3, words.last == "kB", let kibibytes = UInt64(words[words.count - 2]),
                kibibytes < 1 << 42
            else { continue }
            fields[String(words[words.count - 3].dropLast())] = kibibytes << 10
        }
        return fields
    }
}
