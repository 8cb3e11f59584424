internal import Iomem
internal import Machine

/// Reads the CXL windows: from the ACPI CEDT, which has them always, and from `/proc/iomem`, while `cxl_acpi` is bound.
struct WindowReading {
    let tree: any FileTree

    /// The windows in address order.
    ///
    /// The line of a window can be longer than the CEDT says: `add_cxl_resources()` (drivers/cxl/acpi.c) lets it grow
    /// over a resource that crosses its edge, and cuts or drops the next one there. dax_hmem looks at the line, so the
    /// line's bytes count while there is one; and while there is any line, a record of the CEDT without one is no window:
    /// the lines come all together, and the kernel has not taken that record.
    func read(iomem: IomemTree) throws(InspectionError) -> [Window] {
        var fixed = try FixedMemoryWindows(tree: tree).windows
        var windows: [Window] = []
        for entry in iomem.entries(where: { $0.isNumbered("CXL Window ") }) {
            var window = Window(
                range: entry.range,
                number: Int(entry.name.dropFirst("CXL Window ".count)),
                isLive: true,
                isFixed: false,
                sources: ["/proc/iomem"]
            )
            let match =
                fixed.firstIndex { $0.range == entry.range } ?? fixed.firstIndex { $0.range.overlaps(entry.range) }
            if let match {
                let same = fixed.remove(at: match)
                window.isFixed = same.isFixed
                window.sources.append(FixedMemoryWindows.path)
            }
            windows.append(window)
        }
        if !windows.isEmpty { return windows.sorted { $0.range < $1.range } }
        return fixed.map {
            Window(
                range: $0.range,
                number: nil,
                isLive: false,
                isFixed: $0.isFixed,
                sources: [FixedMemoryWindows.path]
            )
        }.sorted { $0.range < $1.range }
    }
}
