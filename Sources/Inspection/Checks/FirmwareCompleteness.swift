internal import Iomem
internal import Machine

/// Finds what a recording lacks of the firmware's tables and of its memory map.
struct FirmwareCompleteness {
    let state: MachineState
    let sources: MachineSources
    private var tree: any FileTree { sources.tree }

    private static let tables = "/sys/firmware/acpi/tables"
    private static let map = "/sys/firmware/memmap"

    /// What the checks ask for, of a machine that has it. `collect` notes what the machine itself lacks.
    static let paths = LoggedFacts.knownTables.map { "\(tables)/\($0)" } + [map]

    /// The first gap, with the file and the fact that asks for it; nil without a gap.
    func firstGap() -> String? {
        tableGap() ?? mapGap(sources.firmwareMap, sources.log.maps)
    }

    /// What no physical memory can be, a sentence each. A running machine lives with whatever its firmware says.
    func oddities() -> [String] { impossibleRanges }

    /// x86-64 and arm64 have 52 bits of physical address at most (MAX_PHYSMEM_BITS).
    private var impossibleRanges: [String] {
        let ranges =
            sources.firmwareMap.entries.map { (place: $0.path, range: $0.range) }
            + sources.fixedWindows.windows.map { (place: FixedMemoryWindows.path, range: $0.range) }
            + state.softReserved.map { (place: $0.sources.first ?? "/proc/iomem", range: $0.hmemRange ?? $0.range) }
        return ranges.filter { $0.range.end >= 1 << 52 }.map { place, range in
            "\(tree.display(place)): \(range) lies beyond the 52 bits of a physical address"
        }
    }

    /// The kernel binds `cxl_acpi` to the device ACPI0017, which comes with a CEDT (CXL specification 9.18.1), and names
    /// the tables in its log (drivers/acpi/acpica/tbprint.c: acpi_tb_print_table_header()).
    private func tableGap() -> String? {
        if state.lacks(.acpiTables) { return nil }
        if let device = sources.platformDevices.first(where: { $0.hasPrefix("ACPI0017") }),
            isLost("\(Self.tables)/CEDT")
        {
            return gap("\(Self.tables)/CEDT", "/sys/bus/platform/devices/\(device) exists")
        }
        let missing = LoggedFacts.knownTables.first {
            sources.log.tables.contains($0) && isLost("\(Self.tables)/\($0)")
        }
        return missing.map { gap("\(Self.tables)/\($0)", "the kernel log names this table") }
    }

    private func mapGap(_ map: FirmwareMap, _ logged: LoggedMaps) -> String? {
        if state.lacks(.firmwareMap) || sources.absentPaths.contains(Self.map) { return nil }
        if let path = map.missingPaths.first(where: { !sources.absentPaths.contains($0) }),
            !isMemoryThatWent(map, logged)
        {
            return gap(path, "a later entry exists")
        }
        if !map.entries.isEmpty {
            let known = RangeIndex(map.softReserved.map(\.range))
            guard let range = logged.firmware.first(where: { !known.remainder(of: $0).isEmpty }) else { return nil }
            return gap("an entry of \(Self.map)", "the kernel log has \(range) as Soft Reserved")
        }
        // 7.0 and later print no line for Soft Reserved memory on x86: without a map it is not known where it is.
        let isHidden = KernelVersion(state.kernel.release).map { $0 >= .hiding } ?? false
        guard isHidden, !logged.hasLines, !state.kernel.showsSoftReserved else { return nil }
        guard !state.windows.isEmpty || !state.hmemDevices.isEmpty else { return nil }
        return gap(
            Self.map,
            "no other source has the Soft Reserved memory (no line in /proc/iomem, no map in /dmesg)"
        )
    }

    /// Every entry of the map at boot is there, as the kernel log has it: what is missing was memory that was plugged in
    /// later, and unplugged.
    private func isMemoryThatWent(_ map: FirmwareMap, _ logged: LoggedMaps) -> Bool {
        logged.isWhole && Set(map.entries.map(\.range)).isSuperset(of: logged.entries)
    }

    private func isLost(_ path: String) -> Bool { !tree.exists(path) && !sources.absentPaths.contains(path) }

    private func gap(_ path: String, _ reason: String) -> String {
        "\(tree.display(path)) is missing, but \(reason)"
    }
}
