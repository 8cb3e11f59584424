import Iomem
import Machine

// What can be done about bytes, as the words of a fix.
extension ModelConstants {
    /// How memory over `ranges` is given back.
    func giveBack(_ ranges: [AddressRange]) -> String {
        let isKernels = ranges.flatMap(memory.blocks).contains { MemoryUse.OnlineZone(named: $0.zone) == .kernel }
        return "apply with --offline-memory, which takes it offline first and puts it to its use again afterwards"
            + (isKernels ? "; what is in zone Normal often can't go offline, and then nothing is changed" : "")
    }

    /// How bytes of a window get a region.
    ///
    /// A region that is made by hand goes where `/proc/iomem` has nothing below the window
    /// (drivers/cxl/core/region.c: `alloc_hpa()` calls `alloc_free_mem_region()`): where the kernel prints a Soft Reserved line
    /// there, the region lands behind it. From 7.1 on it prints none in windows.
    func regionAdvice(over ranges: [AddressRange]) -> String {
        ranges.contains(where: isSoftReservedInIomem)
            ? "have the firmware commit a region over it, and reboot (this kernel puts no region over a Soft Reserved line of "
                + "/proc/iomem)"
            : "create a region over it (cxl create-region)"
    }
}
