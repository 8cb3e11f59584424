import Iomem

extension ModelConstants {
    /// How bytes of a window get a region, as the words of a fix.
    ///
    /// A region that is made by hand goes where `/proc/iomem` has nothing below the window
    /// (drivers/cxl/core/region.c: `alloc_hpa()` calls `alloc_free_mem_region()`): where the kernel prints a Soft Reserved line
    /// there, the region lands behind it. From 7.1 on it prints none in windows.
    func regionAdvice(over ranges: [AddressRange]) -> String {
        let isTaken = softReservedLines.contains { line in ranges.contains(where: line.overlaps) }
        return isTaken
            ? "have the firmware commit a region over it, and reboot (this kernel puts no region over a Soft Reserved line of "
                + "/proc/iomem)"
            : "create a region over it (cxl create-region)"
    }
}
