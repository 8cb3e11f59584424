import Iomem
import Machine

extension Examination {
    /// What memory blocks can't hold of devices that are, or should be, memory.
    var lostCapacity: [Finding] {
        let size = machine.memory.blockSize
        guard size > 0 else { return [] }
        return devices.compactMap { device in
            let refused = !failures(of: device.name, [.alignment]).isEmpty
            guard device.driver == "kmem" || device.driver == nil && refused else { return nil }
            let lost = device.ranges.flatMap { range in
                range.subtracting(model.constants.memoryBlocks(in: range).map { [$0] } ?? [])
            }.merged()
            guard !lost.isEmpty else { return nil }
            return Finding(
                .capacityLost,
                subject: device.name,
                ranges: lost,
                what:
                    "\(lost.amount) of \(device.name) are not used: memory is added in whole blocks of \(sizeText(size)).",
                evidence: ["/sys/devices/system/memory/block_size_bytes: 0x\(String(size, radix: 16))"]
                    + device.ranges.map { "/sys/bus/dax/devices/\(device.name): \($0)" },
                fix:
                    "none while the host runs: the range in the firmware's memory map must start and end at a multiple of the block "
                    + "size. In devdax mode all bytes can be used"
            )
        }
    }
}

extension [AddressRange] {
    /// All bytes of them, as people read it; below a mebibyte exactly.
    var amount: String { totalSize < 1 << 20 ? "\(totalSize) bytes" : sizeText(totalSize) }
}
