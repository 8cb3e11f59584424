internal import Iomem
internal import Machine

/// Finds the Soft Reserved ranges, in whatever places a kernel shows them.
///
/// No place has them all: 7.0 and later have no lines in `/proc/iomem`, `/sys/firmware/memmap` shows the firmware's map
/// without what `memmap=` changed, the kernel log may have lost its beginning. So:
/// 1. The map at boot is the `user:` map in the log, which holds the changes of `memmap=` already. Without it, it is the
///    firmware's map (`/sys/firmware/memmap`, else `BIOS-e820:` in the log, else EFI lines in the log) with the changes
///    of `memmap=` applied here.
/// 2. Where `/proc/iomem` has "Soft Reserved" lines, a range of the boot map without any such line is none, and a line
///    outside the boot map is one: dax_hmem looks there (`hmem_register_device()`, drivers/dax/hmem/hmem.c).
/// 3. Where a range of the boot map contains lines of other extent, the boot map's range is the unit, because HMEM
///    ranges are made from it while the kernel starts (`hmem_init()`, drivers/dax/hmem/device.c).
/// 4. A range is cut at the borders of proximity ranges, where an HMAT gives those (`ProximityRanges`).
struct SoftReservedReading {
    let tree: any FileTree
    let iomem: IomemTree
    let commandLine: String
    let log: [String]

    private static let memmapSource = "memmap= in /proc/cmdline"

    /// The ranges in address order, each with all the places that name just these bytes.
    func read() throws(InspectionError) -> [SoftReservedRange] {
        let firmware = try FirmwareMap(tree: tree)
        let logged = LoggedMaps(log: log)
        let lines = iomem.entries { $0 == "Soft Reserved" }.map(\.range)
        var ranges = bootMap(firmware, logged)
        if !lines.isEmpty { ranges = Self.adjust(ranges, to: lines) }
        let proximity = try ProximityRanges(tree: tree, commandLine: commandLine)
        let candidates = candidates(firmware, logged, lines)
        var result: [SoftReservedRange] = []
        for range in ranges {
            let same = candidates.filter { $0.range == range }.map(\.source)
            let near = candidates.filter { $0.range.overlaps(range) }.map(\.source)
            var sources: [String] = []
            for source in same.isEmpty ? near : same where !sources.contains(source) { sources.append(source) }
            if !tree.isLive { _ = try tree.physical(range, at: Self.file(of: sources.first ?? "/proc/iomem")) }
            for part in proximity.split(range, iomem: iomem) {
                result.append(SoftReservedRange(range: part.range, sources: sources, hmemRange: part.hmemRange))
            }
        }
        return result.sorted { $0.range < $1.range }
    }

    /// The file behind a source, which may be words about a part of one.
    private static func file(of source: String) -> String {
        source.hasPrefix("/") ? source : source == memmapSource ? "/proc/cmdline" : "/dmesg"
    }

    /// The Soft Reserved ranges of the memory map after all changes at boot.
    private func bootMap(_ firmware: FirmwareMap, _ logged: LoggedMaps) -> [AddressRange] {
        if let changed = logged.changed { return Self.joiningOverlaps(changed) }
        var ranges = firmware.softReserved.map(\.range)
        if firmware.entries.isEmpty { ranges = logged.firmware }
        if ranges.isEmpty && !isSoftReserveOff { ranges = logged.specificPurpose }
        let asked = CommandLineMap(commandLine: commandLine)
        if asked.isExact { ranges = [] }
        for change in asked.changes {
            if change.newType == CommandLineMap.softReserved {
                ranges += Self.bytes(of: change, firmware)
            } else if change.oldType == CommandLineMap.softReserved || change.oldType == nil && change.newType == nil {
                ranges = ranges.flatMap { $0.subtracting([change.range]) }
            }
        }
        return Self.joiningOverlaps(ranges)
    }

    /// Neighbours stay apart: the kernel joins no Soft Reserved entries, since they may be distinct platform ranges
    /// (arch/x86/kernel/e820.c: e820_nomerge(); two devices side by side seen on 7.3).
    private static func joiningOverlaps(_ ranges: [AddressRange]) -> [AddressRange] {
        ranges.sorted().reduce(into: []) { result, range in
            if let last = result.last, last.overlaps(range) {
                result[result.count - 1] = [last, range].merged()[0]
            } else {
                result.append(range)
            }
        }
    }

    /// The bytes that become Soft Reserved: with an old type, those that had it, as far as the firmware's map tells.
    private static func bytes(of change: CommandLineMap.Change, _ firmware: FirmwareMap) -> [AddressRange] {
        change.oldType == CommandLineMap.memory ? firmware.memory(in: change.range) : [change.range]
    }

    /// With `efi=nosoftreserve` the kernel takes specific-purpose memory as normal memory.
    private var isSoftReserveOff: Bool {
        commandLine.split(separator: " ").contains {
            $0.hasPrefix("efi=") && $0.dropFirst(4).split(separator: ",").contains("nosoftreserve")
        }
    }

    /// The ranges of the boot map and the lines of iomem made one list; see above, 2 and 3.
    private static func adjust(_ boot: [AddressRange], to lines: [AddressRange]) -> [AddressRange] {
        let whole = boot.filter { range in
            lines.contains { range.contains($0) } && lines.allSatisfy { !$0.overlaps(range) || range.contains($0) }
        }
        return (whole + lines.filter { line in !whole.contains { $0.contains(line) } }).sorted()
    }

    /// Every place that names a Soft Reserved range, the most telling first.
    private func candidates(
        _ firmware: FirmwareMap,
        _ logged: LoggedMaps,
        _ lines: [AddressRange]
    ) -> [(range: AddressRange, source: String)] {
        var result = lines.map { (range: $0, source: "/proc/iomem") }
        result += firmware.softReserved.map { ($0.range, $0.path) }
        for change in CommandLineMap(commandLine: commandLine).changes
        where change.newType == CommandLineMap.softReserved {
            result += Self.bytes(of: change, firmware).map { ($0, Self.memmapSource) }
        }
        result += (logged.changed ?? []).map { ($0, "the user: map in the kernel log") }
        result += logged.firmware.map { ($0, "the BIOS-e820: map in the kernel log") }
        if !isSoftReserveOff { result += logged.specificPurpose.map { ($0, "the EFI map in the kernel log") } }
        return result
    }
}
