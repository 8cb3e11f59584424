internal import Iomem
internal import Machine

/// Finds the Soft Reserved ranges, in whatever places a kernel shows them.
///
/// No place has them all: 7.0 and later have no lines in `/proc/iomem`, `/sys/firmware/memmap` shows the firmware's map
/// without what `memmap=` changed, the kernel log may have lost its beginning. So:
/// 1. The map at boot is the `user:` map in the log, which holds the changes of `memmap=` already. Without it, it is the
///    firmware's map (`/sys/firmware/memmap`, else `BIOS-e820:` in the log, else EFI lines in the log) with the changes
///    of `memmap=` applied here.
/// 2. Where `/proc/iomem` has "Soft Reserved" lines, they are the ranges, each by itself, and nothing else is one: HMEM
///    ranges are made from these resources, one from each, while the kernel starts (`hmem_init()`,
///    drivers/dax/hmem/device.c), and none is split or joined later.
/// 3. A range is cut at the borders of proximity ranges, where an HMAT gives those (`ProximityRanges`).
struct SoftReservedReading {
    let tree: any FileTree
    let iomem: IomemTree
    let commandLine: KernelCommandLine
    let firmware: FirmwareMap
    let logged: LoggedMaps

    private static let memmapSource = "memmap= in /proc/cmdline"

    /// The ranges in address order, each with all the places that name just these bytes.
    func read() throws(InspectionError) -> [SoftReservedRange] {
        let lines = iomem.entries { $0 == "Soft Reserved" }.map(\.range)
        let ranges = lines.isEmpty ? bootMap : Self.outermost(lines)
        let proximity = try ProximityRanges(tree: tree, commandLine: commandLine, iomem: iomem)
        let candidates = candidates(lines)
        let index = RangeIndex(candidates.map(\.range))
        var result: [SoftReservedRange] = []
        for range in ranges {
            let meeting = index.places(overlapping: range).map { candidates[$0] }
            let near = meeting.map(\.source)
            let same = meeting.filter { $0.range == range }.map(\.source)
            var sources: [String] = []
            for source in same.isEmpty ? near : same where !sources.contains(source) { sources.append(source) }
            for part in proximity.split(range) {
                result.append(SoftReservedRange(range: part.range, sources: sources, hmemRange: part.hmemRange))
            }
        }
        return result.sorted { $0.range < $1.range }
    }

    /// The Soft Reserved ranges of the memory map after all changes at boot.
    private var bootMap: [AddressRange] {
        if let changed = logged.changed { return Self.cut(changed, at: []) }
        var ranges = firmware.softReserved.map(\.range)
        if firmware.entries.isEmpty { ranges = logged.firmware }
        let specificPurpose = isSoftReserveOff ? [] : logged.specificPurpose
        if ranges.isEmpty { ranges = specificPurpose }
        // The EFI entries come into the map beside those of the firmware (do_add_efi_memmap(), arch/x86/platform/efi/efi.c).
        let asked = asked
        var others = firmware.entries.map(\.range) + logged.entries + specificPurpose
        if asked.isExact {
            ranges = []
            others = []
        }
        for change in asked.changes {
            if change.oldType == nil && change.newType != nil { others.append(change.range) }
            if change.newType == CommandLineMap.softReserved {
                ranges += bytes(of: change)
            } else if change.oldType == CommandLineMap.softReserved || change.oldType == nil && change.newType == nil {
                ranges = ranges.flatMap { $0.subtracting([change.range]) }
            }
        }
        return Self.cut(ranges, at: others)
    }

    /// The bytes of `ranges`, cut wherever an entry of the map begins or ends, of whatever type: Soft Reserved counts before
    /// other types, and the kernel goes on with none of its entries past such a place, since they may be distinct platform
    /// ranges (arch/x86/kernel/e820.c: e820__update_table(), e820_nomerge(); two devices side by side seen on 7.3).
    private static func cut(_ ranges: [AddressRange], at others: [AddressRange]) -> [AddressRange] {
        let starts = Set((ranges + others).flatMap { [$0.start, $0.end &+ 1] }).sorted()
        var next = 0
        return ranges.merged().flatMap { whole in
            while next < starts.count, starts[next] <= whole.start { next += 1 }
            var parts: [AddressRange] = []
            var start = whole.start
            while next < starts.count, starts[next] <= whole.end {
                if let part = AddressRange(start: start, end: starts[next] - 1) { parts.append(part) }
                start = starts[next]
                next += 1
            }
            if let part = AddressRange(start: start, end: whole.end) { parts.append(part) }
            return parts
        }
    }

    /// `lines` without those that lie within another.
    private static func outermost(_ lines: [AddressRange]) -> [AddressRange] {
        lines.sorted().reduce(into: []) { result, line in
            if result.last?.contains(line) != true { result.append(line) }
        }
    }

    /// The bytes that become Soft Reserved: with an old type, those that had it, as far as the firmware's map tells.
    private func bytes(of change: CommandLineMap.Change) -> [AddressRange] {
        change.oldType == CommandLineMap.memory ? firmware.memory(in: change.range) : [change.range]
    }

    private var asked: CommandLineMap { CommandLineMap(commandLine) }

    /// With `efi=nosoftreserve` the kernel takes specific-purpose memory as normal memory.
    private var isSoftReserveOff: Bool {
        commandLine.parameters.values(of: "efi").contains { $0.commaSeparated.contains("nosoftreserve") }
    }

    /// Every place that names a Soft Reserved range, the most telling first.
    private func candidates(_ lines: [AddressRange]) -> [(range: AddressRange, source: String)] {
        var result = lines.map { (range: $0, source: "/proc/iomem") }
        result += firmware.softReserved.map { ($0.range, $0.path) }
        for change in asked.changes where change.newType == CommandLineMap.softReserved {
            result += bytes(of: change).map { ($0, Self.memmapSource) }
        }
        result += (logged.changed ?? []).map { ($0, "the user: map in the kernel log") }
        result += logged.firmware.map { ($0, "the BIOS-e820: map in the kernel log") }
        if !isSoftReserveOff { result += logged.specificPurpose.map { ($0, "the EFI map in the kernel log") } }
        return result
    }
}

extension MachineState {
    /// Adds to the Soft Reserved ranges what dax_hmem holds beyond them: it makes devices over HMEM ranges and nothing else
    /// (drivers/dax/hmem/hmem.c: dax_hmem_probe()), whatever the firmware's map calls them.
    mutating func addRangesOfHmemDevices() {
        let known = RangeIndex(softReserved.flatMap { [$0.range] + ($0.hmemRange.map { [$0] } ?? []) })
        let added = daxDevices.filter { $0.owner == .hmem }.flatMap { device in
            device.ranges.flatMap { range in
                known.remainder(of: range).map {
                    SoftReservedRange(range: $0, sources: ["/sys/bus/dax/devices/\(device.name)"], hmemRange: range)
                }
            }
        }
        guard !added.isEmpty else { return }
        softReserved = (softReserved + added).sorted { $0.range < $1.range }
    }
}

/// The configuration that the kernel was built with, where a distribution ships it as a file.
struct KernelConfiguration {
    let tree: any FileTree
    let release: String

    /// The file that says that the kernel has no CONFIG_EFI_SOFT_RESERVE; nil where no file says so.
    ///
    /// It is looked for only on a machine with windows whose memory is not left to drivers.
    func softReserveIsOff(_ state: MachineState) throws(InspectionError) -> String? {
        guard !state.windows.isEmpty, state.softReserved.isEmpty else { return nil }
        for path in ["/boot/config-\(release)", "/lib/modules/\(release)/config"] {
            guard let bytes = try tree.read(path) else { continue }
            return bytes.holds("# CONFIG_EFI_SOFT_RESERVE is not set") ? path : nil
        }
        return nil
    }
}
