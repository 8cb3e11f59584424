internal import Iomem

/// The memory map that the firmware handed to the kernel, before any `memmap=` (drivers/firmware/memmap.c).
struct FirmwareMap {
    /// One entry of `/sys/firmware/memmap`.
    struct Entry {
        var range: AddressRange
        var type: String
        var path: String
    }

    /// The entries in address order; empty where the kernel was built without CONFIG_FIRMWARE_MEMMAP.
    let entries: [Entry]

    /// The entries that are not there though one of a higher number is. The kernel numbers without a gap, but the number
    /// of memory that was unplugged is never used again (`add_sysfs_fw_map_entry()`, `firmware_map_remove()`).
    let missingPaths: [String]

    /// More missing numbers than this are not told one by one.
    private static let longestGap = 1024

    init(tree: any FileTree) throws(InspectionError) {
        let directory = "/sys/firmware/memmap"
        var entries: [Entry] = []
        var lacking: Set<String> = []
        let names = try tree.names(in: directory) { $0.isNumbered("") }
        let numbers = Set(names.compactMap { Int($0) })
        let end = min(numbers.max() ?? 0, names.count + Self.longestGap)
        for name in names {
            let path = "\(directory)/\(name)"
            guard let start = try tree.address("\(path)/start"), let end = try tree.address("\(path)/end"),
                let type = try tree.value("\(path)/type")
            else {
                lacking.insert(name)
                continue
            }
            guard let range = AddressRange(start: start, end: end) else {
                throw tree.damaged("\(path)/end", "the range ends before it starts")
            }
            entries.append(Entry(range: range, type: type, path: path))
        }
        self.entries = entries.sorted { $0.range < $1.range }
        missingPaths = (0..<end).filter { !numbers.contains($0) || lacking.contains("\($0)") }.map {
            "\(directory)/\($0)"
        }
    }

    /// The entries whose type is `Soft Reserved` (`e820_type_to_string()`, arch/x86/kernel/e820.c; its spelling varies).
    var softReserved: [Entry] { entries.filter { $0.type.lowercased() == "soft reserved" } }

    /// The parts of `range` that are normal memory; all of it where there is no map.
    func memory(in range: AddressRange) -> [AddressRange] {
        guard !entries.isEmpty else { return [range] }
        return entries.filter { $0.type.lowercased() == "system ram" }.compactMap { $0.range.intersection(range) }
            .merged()
    }
}
