/// The host bridges that `cxl_acpi` has bound in this boot, as the kernel log has them.
///
/// `add_host_bridge_uport()` (drivers/cxl/acpi.c) prints a line for each, at a level that no setting keeps out of the log,
/// whenever the driver binds; its windows are put into iomem in the same call, shortly before.
struct LoggedBridges {
    /// What is printed; ` (restricted)` follows where the bridge speaks CXL 1.1.
    static let mark = "host supports CXL"

    /// The log begins with the boot, so that nothing is missing in it: the buffer loses its oldest lines first.
    let isWhole: Bool
    /// The device of each line, in order: `pci0000:0c`.
    let names: [Substring]

    init(log: [String]) {
        isWhole = log.contains { LoggedMaps.message(of: $0).hasPrefix("Linux version ") }
        names = log.compactMap { line in
            let message = LoggedMaps.message(of: line)
            return message.place(of: ": \(Self.mark)").flatMap { place in
                message[..<place.lowerBound].split(separator: " ").last
            }
        }
    }
}
