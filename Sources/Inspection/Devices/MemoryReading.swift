internal import Iomem
internal import Machine

/// Reads the memory blocks of `/sys/devices/system/memory` (Documentation/admin-guide/mm/memory-hotplug.rst).
struct MemoryReading {
    let tree: any FileTree

    private static let directory = "/sys/devices/system/memory"

    /// The blocks that lie on Soft Reserved memory, in a window, or on memory that kmem added.
    ///
    /// Boot memory is left out: a large host has ten thousands of such blocks, and no module removes them.
    func read(around state: MachineState) throws(InspectionError) -> MemoryBlocks {
        var memory = MemoryBlocks()
        guard let text = try tree.value("\(Self.directory)/block_size_bytes") else { return memory }
        // Hexadecimal without 0x (block_size_bytes_show(), drivers/base/memory.c).
        guard let size = parseHexadecimal(text), size > 0 else {
            throw tree.damaged("\(Self.directory)/block_size_bytes", "\"\(text)\" is no hexadecimal size")
        }
        // memory_dev_init() (drivers/base/memory.c) accepts no other; read in the wrong base it hardly ever is one.
        guard size.nonzeroBitCount == 1 else {
            throw tree.damaged(
                "\(Self.directory)/block_size_bytes",
                "\"\(text)\" is \(size) bytes (the kernel writes it in hexadecimal), and no power of two"
            )
        }
        memory.blockSize = size
        if !state.daxDevices.isEmpty { memory.onliningRules = OnliningRules(tree: tree).files() }
        memory.room = MemoryRoomReading(tree: tree).read()
        memory.autoOnline = try tree.value("\(Self.directory)/auto_online_blocks")
        var wanted = state.softReserved.map(\.range) + state.windows.map(\.range) + state.daxDevices.flatMap(\.ranges)
        wanted += state.iomem.entries { $0 == "System RAM (kmem)" }.map(\.range)
        wanted = wanted.merged()
        for name in try tree.names(in: Self.directory, where: { $0.isNumbered("memory") }) {
            guard let number = UInt64(name.dropFirst("memory".count)),
                let range = Self.range(number, size: size), wanted.contains(where: { $0.overlaps(range) }),
                let block = try block(name, range: range)
            else { continue }
            memory.blocks.append(block)
        }
        return memory
    }

    private static func range(_ number: UInt64, size: UInt64) -> AddressRange? {
        let (start, overflow) = number.multipliedReportingOverflow(by: size)
        return overflow ? nil : AddressRange(start: start, size: size)
    }

    private func block(_ name: String, range: AddressRange) throws(InspectionError) -> MemoryBlock? {
        let path = "\(Self.directory)/\(name)"
        guard let number = Int(name.dropFirst("memory".count)), let state = try tree.value("\(path)/state") else {
            return nil
        }
        // The number in the name is the block's index (memory_block_id(), drivers/base/memory.c); hold it against what
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
