internal import Iomem

/// The memory blocks that `daxctl list` counts for the devices that kmem has, where the material has no block itself.
///
/// It prints how many blocks a device has and how many of them are online (daxctl/json.c: `total_memblocks`,
/// `online_memblocks`): those that lie in it as a whole. Their size follows from the number.
struct DaxctlMemory {
    /// What is listed of one device.
    struct Device {
        /// `dax0.0`.
        var name: String
        /// Its bytes.
        var ranges: [AddressRange]
        /// `online_memblocks`.
        var online: UInt64
        /// `total_memblocks`.
        var total: UInt64
        /// `movable`: all that is online is in zone Movable.
        var isMovable: Bool
    }

    private let devices: [Device]
    private let size: UInt64

    /// From 16 MiB (powerpc) to 64 GiB.
    private static let sizes = (24...36).map { UInt64(1) << $0 }
    /// Of all devices: 8 TiB in the smallest blocks of x86-64.
    private static let blocksAtMost: UInt64 = 1 << 16

    /// Nil where the numbers do not tell the blocks of all memory that kmem added.
    ///
    /// - Parameter iomem: it has a line for all memory of kmem, also what is stuck with no device.
    init?(_ devices: [Device], iomem: IomemTree?) {
        let total = devices.reduce(UInt64(0)) { $0.addingSaturated($1.total) }
        guard let iomem, total > 0, total <= Self.blocksAtMost else { return nil }
        let fitting = Self.sizes.filter { size in
            devices.allSatisfy { device in
                device.online <= device.total
                    && device.ranges.reduce(UInt64(0)) { $0.addingSaturated(UInt64(Self.numbers(of: $1, size).count)) }
                        == device.total
            }
        }
        guard fitting.count == 1, let size = fitting.first else { return nil }
        self.devices = devices
        self.size = size
        let blocks = devices.flatMap(\.ranges).compactMap { $0.wholeBlocks(of: size) }
        let lines = iomem.entries { $0 == "System RAM (kmem)" }.map(\.range)
        guard lines.allSatisfy({ $0.subtracting(blocks).isEmpty }) else { return nil }
    }

    /// The numbers of the blocks that lie in `range` as a whole.
    private static func numbers(of range: AddressRange, _ size: UInt64) -> Range<UInt64> {
        range.wholeBlocks(of: size).map { $0.start / size..<$0.end / size + 1 } ?? 0..<0
    }

    /// Which of the blocks of a device are online is not listed, if only some are: what is odd about that, a sentence each.
    var oddities: [String] {
        devices.filter { $0.online > 0 && $0.online < $0.total }.map { device in
            "daxctl list counts \(device.online) of \(device.total) memory blocks of \(device.name) as online, but not "
                + "which ones; the first ones are taken as online"
        }
    }

    /// Puts the blocks into a tree.
    func add(to tree: inout StoredTree) {
        let directory = "/sys/devices/system/memory"
        tree.add(text: String(size, radix: 16) + "\n", at: "\(directory)/block_size_bytes")
        for device in devices {
            var online = device.online
            for range in device.ranges {
                for number in Self.numbers(of: range, size) {
                    let path = "\(directory)/memory\(number)"
                    tree.add(text: online > 0 ? "online\n" : "offline\n", at: "\(path)/state")
                    if online > 0 && device.isMovable { tree.add(text: "Movable\n", at: "\(path)/valid_zones") }
                    online -= online > 0 ? 1 : 0
                }
            }
        }
    }
}
