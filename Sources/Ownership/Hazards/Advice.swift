import Iomem
import Machine

extension MachineState {
    /// The command by which CXL's devices are seen: it binds a driver of the kernel image that is unbound, and loads the modules.
    var commandShowingCxl: String {
        let drivers = ["cxl_acpi", "cxl_pci", "cxl_mem"]
        let loadable = drivers.filter { !modules.builtin.contains($0) }
        let bindings = drivers.compactMap(modules.builtinDriver).flatMap { driver in
            driver.devices.filter { !$0.isBound }.map {
                "echo \($0.name) > /sys/bus/platform/drivers/\(driver.driver)/bind"
            }
        }
        return (bindings + (loadable.isEmpty ? [] : ["modprobe -a \(loadable.joined(separator: " "))"]))
            .joined(separator: "; ")
    }
}

// What can be done about bytes, as the words of a fix.
extension ModelConstants {
    /// How memory over `ranges` is given back.
    func giveBack(_ ranges: [AddressRange]) -> String {
        let isKernels = ranges.flatMap(memory.blocks).contains { MemoryUse.OnlineZone(named: $0.zone) == .kernel }
        return "add --offline-memory: it takes the memory offline first and restores its use afterwards"
            + (isKernels ? ". Memory in zone Normal often can't go offline; if so, nothing is changed" : "")
    }

    /// How the memory is used that lies in `range` of a device that reaches beyond it, to bytes without memory.
    ///
    /// kmem takes whole devices, device_dax too, but touches no byte of its own (drivers/dax/kmem.c, drivers/dax/device.c). A
    /// device without driver can be made smaller (drivers/dax/bus.c: size_store()).
    func advice(forMemoryIn range: AddressRange, _ device: DaxDevice? = nil) -> String {
        let name = device?.name ?? "daxN.0"
        let unbinding =
            device?.driver.map { "unbind its driver (`echo \(name) > /sys/bus/dax/drivers/\($0)/unbind`), " } ?? ""
        return "keep new memory offline (memhp_default_state=offline on the kernel command line), then "
            + (smallerDevice(range, name).map { "\(unbinding)\($0) before kmem takes it, or " } ?? "")
            + "use it with device_dax (`daxctl reconfigure-device --mode=devdax \(name)`) and don't use "
            + "the part without memory. Permanent fix: firmware whose SRAT range ends where its memory ends"
    }

    /// How the device over `range` becomes one over its memory alone; nil where that does not lie at its start.
    func smallerDevice(_ range: AddressRange, _ device: String = "daxN.0") -> String? {
        guard let memory = under.memory(in: range).first, memory.start == range.start, memory != range else {
            return nil
        }
        return "make the device as small as its memory (`echo \(hexadecimal(memory.size)) > "
            + "/sys/bus/dax/devices/\(device)/size`)"
    }

    /// How bytes of a window get a region.
    ///
    /// A region that is made by hand goes where `/proc/iomem` has nothing below the window
    /// (drivers/cxl/core/region.c: `alloc_hpa()` calls `alloc_free_mem_region()`): where the kernel prints a Soft Reserved line
    /// there, the region lands behind it. From 7.1 on it prints none in windows.
    func regionAdvice(over ranges: [AddressRange]) -> String {
        ranges.contains(where: isSoftReservedInIomem)
            ? "set up a region over the range in the firmware, and reboot: this kernel can't create one over a Soft Reserved range"
            : "create a region over the range (cxl create-region)"
    }

    /// Whether a region over `ranges` can have been lost and be created again, although nothing has recorded it.
    func mayHaveLostRegion(over ranges: [AddressRange]) -> Bool {
        generation != .hmemOnly && earlierFile == nil && ranges.contains(where: meetsWindow)
            && !ranges.contains(where: isSoftReservedInIomem)
    }

    /// What finds a region again that was lost over `ranges` and not recorded, as a last sentence; empty where there can be none.
    func lossAdvice(over ranges: [AddressRange]) -> String {
        mayHaveLostRegion(over: ranges)
            ? ". If a region was lost in this boot and you have a capture from before: \(Self.planFromCapture)" : ""
    }

    /// The command that plans with an earlier capture.
    static let planFromCapture = "`daxswitch plan cxl --regions-from CAPTURE`"
}
