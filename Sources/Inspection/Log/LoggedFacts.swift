/// What the kernel log tells, found in one walk over its lines.
struct LoggedFacts {
    /// There is no log, or nothing in it.
    let isEmpty: Bool
    /// The log begins with the boot, so that nothing is missing in it: the buffer loses its oldest lines first.
    private(set) var isWhole = false
    /// The memory maps.
    private(set) var maps = LoggedMaps()
    /// The host bridges that `cxl_acpi` has bound in this boot, in order: `pci0000:0c`.
    private(set) var bridges: [String] = []
    /// The first message of a probe of dax_hmem that met a window.
    private(set) var probeMessage: String?
    /// The log has `awaitingProbe`.
    private(set) var awaitsProbe = false
    /// The lines about windows that got no decoder.
    private(set) var failedDecodeRanges: [String] = []
    /// Which of `knownTables` the kernel names (drivers/acpi/acpica/tbprint.c: acpi_tb_print_table_header()).
    private(set) var tables: Set<String> = []

    /// The ACPI tables that are about memory.
    static let knownTables = ["CEDT", "SRAT", "HMAT"]

    /// What `add_host_bridge_uport()` (drivers/cxl/acpi.c) prints for each bridge, at a level that no setting keeps out of the
    /// log, whenever the driver binds; its windows are put into iomem in the same call, shortly before. ` (restricted)`
    /// follows where the bridge speaks CXL 1.1.
    static let bridgeMark = "host supports CXL"

    /// A debug message that came with the deferral on reload (`hmem_register_device()`, drivers/dax/hmem/hmem.c).
    static let awaitingProbe = "await CXL initial probe"
    /// A debug message that all versions with a coordination have.
    static let deferring = "deferring range to CXL"
    /// What `hmem_register_device()` and `hmem_register_cxl_device()` say, at debug level, about a range that meets a window.
    private static let probeMessages = [
        awaitingProbe, deferring, "CXL claims resource", "CXL did not claim resource",
    ]

    /// The facts in the lines of a log, oldest first.
    init(_ lines: [String]) {
        isEmpty = lines.isEmpty
        for line in lines { note(line) }
    }

    private mutating func note(_ line: String) {
        let message = Self.message(of: line)
        maps.note(message)
        if message.hasPrefix("Linux version ") { isWhole = true }
        for table in Self.knownTables where message.hasPrefix("ACPI: \(table) 0x") { tables.insert(table) }
        if line.holds("Failed to add decode range") { failedDecodeRanges.append(line) }
        guard line.holds("CXL") else { return }
        if let place = message.place(of: ": \(Self.bridgeMark)"),
            let bridge = message[..<place.lowerBound].fields().last
        {
            bridges.append(String(bridge))
        }
        if !awaitsProbe { awaitsProbe = line.holds(Self.awaitingProbe) }
        if probeMessage == nil { probeMessage = Self.probeMessages.first { line.holds($0) } }
    }

    /// A line without the priority, the time and the caller in front, as in `[    0.000000][    T0] BIOS-e820: …`.
    static func message(of line: String) -> Substring {
        var rest = line.utf8[...]
        if rest.first == UInt8(ascii: "<"), let close = rest.firstIndex(of: UInt8(ascii: ">")) {
            rest = rest[close...].dropFirst()
        }
        while rest.first == UInt8(ascii: "["), let close = rest.firstIndex(of: UInt8(ascii: "]")) {
            rest = rest[close...].dropFirst().drop { $0 == UInt8(ascii: " ") }
        }
        return Substring(rest)
    }
}
