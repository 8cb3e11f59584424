import Iomem
import Machine

extension Examination {
    /// Memory of kmem whose device is gone.
    var leaked: [Finding] {
        leaks.map { range in
            let online = machine.memory.blocks(in: range).count(where: \.isOnline)
            return Finding(
                .leaked,
                subject: "\(range)",
                ranges: [range],
                what:
                    "kmem added \(range), but its device is gone. The memory stays in use by the kernel until a reboot"
                    + (online > 0 ? ", with \(online) blocks online." : "."),
                evidence: ["/proc/iomem: \(range) : System RAM (kmem), with no device of kmem over it"],
                fix: "reboot. Until then, don't unload cxl_acpi, cxl_pci or cxl_mem"
            )
        }
    }
}
