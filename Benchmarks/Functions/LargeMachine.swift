import Iomem
import Machine

/// A host with very many Soft Reserved ranges of 1 GiB each, as it is after boot on 7.1 or newer: every other one lies in a CXL
/// window below a locked region that CXL owns, the others lie outside of windows and dax_hmem owns them.
enum LargeMachine {
    private static let size: UInt64 = 1 << 30
    /// Where the first one lies.
    private static let base: UInt64 = 1 << 40

    static func with(ranges count: Int) -> MachineState {
        var kernel = Kernel(release: "7.3.4")
        kernel.generation = Inferred(.coordinated, evidence: ["made for a benchmark"])
        var entries: [IomemEntry] = []
        var parts = (
            ranges: [SoftReservedRange](), windows: [Window](), regions: [Region](), decoders: [Decoder](),
            devices: [DaxDevice](), hmem: [HmemDevice]()
        )
        for number in 0..<count {
            // A gap after each range: neighbours are not merged.
            guard let range = AddressRange(start: base + UInt64(number) * 2 * size, size: size) else { continue }
            parts.ranges.append(SoftReservedRange(range: range, sources: ["/sys/firmware/memmap/\(number)"]))
            let device = "dax\(number).0"
            if number.isMultiple(of: 2) {
                let (window, region, decoder) = (number / 2, "region\(number / 2)", "decoder2.\(number / 2)")
                entries += [("CXL Window \(window)"), region, device].map { IomemEntry(range: range, name: $0) }
                parts.windows.append(
                    Window(range: range, number: window, isLive: true, isFixed: true, sources: ["/proc/iomem"])
                )
                parts.regions.append(
                    Region(
                        name: region,
                        range: range,
                        mode: "ram",
                        committed: true,
                        locked: true,
                        assembled: true,
                        daxDriver: "cxl_dax_region",
                        targets: [decoder]
                    )
                )
                parts.decoders.append(
                    Decoder(name: decoder, kind: .endpoint, range: range, locked: true, region: region)
                )
                parts.devices.append(
                    DaxDevice(name: device, ranges: [range], owner: .cxl, through: region, driver: "device_dax")
                )
            } else {
                let hmem = "hmem.\(number / 2)"
                entries += [IomemEntry(range: range, name: hmem), IomemEntry(range: range, name: device)]
                parts.hmem.append(HmemDevice(name: hmem, isBelowPlatform: true, isBound: true))
                parts.devices.append(
                    DaxDevice(name: device, ranges: [range], owner: .hmem, through: hmem, driver: "device_dax")
                )
            }
        }
        var machine = MachineState(kernel: kernel, iomem: IomemTree(inFileOrder: entries))
        machine.softReserved = parts.ranges
        machine.windows = parts.windows
        machine.regions = parts.regions
        machine.decoders = parts.decoders
        machine.daxDevices = parts.devices
        machine.hmemDevices = parts.hmem
        machine.memdevs = [Memdev(name: "mem0", hasEndpoint: true)]
        machine.modules.builtin = ["cxl_core", "cxl_port"]
        for (position, name) in ["dax_cxl", "dax_hmem", "cxl_pci", "cxl_mem", "cxl_acpi", "cxl_pmem"].enumerated() {
            machine.modules.loaded[name] = LoadedModule(
                isLive: true,
                references: 0,
                users: [],
                address: 1,
                position: position
            )
        }
        machine.initialProbe = Inferred(.done, evidence: ["made for a benchmark"])
        machine.memory.blockSize = 1 << 27
        return machine
    }
}
