import Iomem
import Machine

extension Examination {
    /// The bytes of windows that the firmware handed over as ordinary memory.
    var firmwareSystemRAM: [Finding] {
        guard softReserveOff.isEmpty else { return [] }
        let windows = machine.windows.filter { systemRAM.overlaps($0.range) }
        let bytes = windows.map(\.range).flatMap(systemRAM.intersections).merged()
        guard !bytes.isEmpty else { return [] }
        return [
            Finding(
                .firmwareSystemRAM,
                subject: bytes.words,
                ranges: bytes,
                what:
                    "\(sizeText(bytes.totalSize)) in CXL windows are ordinary System RAM since boot: the firmware did not mark "
                    + "them \"specific purpose\" (EFI_MEMORY_SP). No driver can own them.",
                evidence: windows.map { "\($0.sources.first ?? "/proc/iomem"): CXL window \($0.range)" }
                    + bytes.map { "/proc/iomem: \($0) : System RAM" },
                fix:
                    "mark CXL memory as specific purpose in the firmware setup (\"Specific Purpose Memory\", \"CXL SPM\" "
                    + "or similar), then reboot without efi=nosoftreserve"
            )
        ]
    }
}
