internal import Iomem

/// Tells a window that never got a root decoder from one whose decoder is gone or was lost.
///
/// `cxl_acpi` keeps the window of a record for iomem before it makes the decoder, and where that fails it goes on
/// (drivers/cxl/acpi.c: __cxl_parse_cfmws()).
struct WindowWithoutDecoder {
    let tree: any FileTree
    let log: [String]

    /// Something else than a lost part of the tree says why the window at `range` has no root decoder.
    func isExplained(_ range: AddressRange) throws(InspectionError) -> Bool {
        if tree.isLive, try isBound() { return true }
        if try FixedMemoryWindows(tree: tree).windows.contains(where: { $0.lacksDecoder && $0.range.overlaps(range) }) {
            return true
        }
        return log.contains { line in
            line.holds("Failed to add decode range") && line.holds("[\(hexadecimal(range.start)) - ")
        }
    }

    /// The driver is bound. When it goes, its link is the first thing to go and the lines in iomem are the last
    /// (drivers/base/dd.c: __device_release_driver()).
    private func isBound() throws(InspectionError) -> Bool {
        let bus = "/sys/bus/platform/devices"
        return try tree.names(in: bus) { $0.hasPrefix("ACPI0017") }.contains {
            tree.linkName("\(bus)/\($0)/driver") == "cxl_acpi"
        }
    }
}
