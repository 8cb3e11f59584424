import Iomem
import Machine
import Ownership

/// What the kernel does, told again and otherwise than the model tells it: from the functions of hmem.c and cxl.c
/// down, with every fact known and no reasons. Of the two, at least one is wrong where they differ.
struct KernelByHand {
    private let generation: Generation
    private let machine: MachineState
    private var modules: Set<String>
    private var regions: [Region]
    /// Regions whose decoders wait for the drivers.
    private var waiting: [Region] = []
    private var hasWindows = true
    private var isHeld = false
    private var didProbe: Bool
    private var devices: [(owner: Owner, bytes: AddressRange)] = []

    init(_ machine: MachineState, _ generation: Generation) {
        self.machine = machine
        self.generation = generation
        modules = Set(machine.modules.loaded.keys)
        regions = machine.regions
        didProbe = machine.initialProbe.value == .done
    }

    func owner(at address: UInt64) -> Owner {
        let owners = Set(devices.filter { $0.bytes.start <= address && address <= $0.bytes.end }.map(\.owner))
        return owners.count > 1 ? .both : owners.first ?? .none
    }

    mutating func carryOut(_ step: Step) {
        switch step {
        case .hold: isHeld = true
        case .release: isHeld = false
        case .load(let module): load(module)
        case .unload(let module): unload(module)
        case .offlineMemory, .restoreUse, .splitDevice, .restoreRegion: break
        case .unbindHmem(let range): devices.removeAll { $0.owner == .hmem && $0.bytes == range }
        case .bindHmem(let range): add(.hmem, range)
        case .bindRegion(let range):
            if modules.contains("dax_cxl"), regions.contains(where: { $0.committed && $0.range == range }),
                !devices.contains(where: { $0.owner == .cxl && $0.bytes == range })
            {
                add(.cxl, range)
            }
        }
    }

    private mutating func load(_ module: String) {
        if modules.contains(module) || module == "cxl_acpi" && isHeld { return }
        switch module {
        case "dax_hmem":
            if !isHeld { load("cxl_acpi") }
            modules.insert(module)
            probePlatform()
        case "dax_cxl":
            if generation != .deferring { load("dax_hmem") }
            modules.insert(module)
            probeRegions()
        case "cxl_acpi":
            modules.insert(module)
            hasWindows = true
            regions += waiting
            waiting = []
            probeRegions()
        default: modules.insert(module)
        }
    }

    private mutating func unload(_ module: String) {
        if module == "dax_hmem", generation != .deferring, modules.contains("dax_cxl") { return }
        guard modules.remove(module) != nil else { return }
        switch module {
        case "dax_hmem": devices.removeAll { $0.owner == .hmem }
        case "dax_cxl": devices.removeAll { $0.owner == .cxl }
        case "cxl_acpi":
            hasWindows = false
            devices.removeAll { $0.owner == .cxl }
            waiting += regions.filter { !$0.committed || generation != .deferring && $0.locked == true }
            regions = []
        default: break
        }
    }

    /// hmem_register_device() for each range, and in the end what process_defer_work() notes.
    private mutating func probePlatform() {
        var meetsWindow = false
        for range in machine.softReserved.map(\.range) {
            let isInWindow = hasWindows && machine.windows.contains { $0.range.overlaps(range) }
            meetsWindow = meetsWindow || isInWindow
            if isInWindow && (generation == .deferring || didProbe) { continue }
            if isInWindow && regions.contains(where: { $0.committed && $0.range?.contains(range) == true }) { continue }
            add(.hmem, range)
        }
        didProbe = didProbe || meetsWindow
    }

    private mutating func probeRegions() {
        guard modules.contains("dax_cxl") else { return }
        for region in regions where region.committed {
            guard let range = region.range, !devices.contains(where: { $0.owner == .cxl && $0.bytes == range }) else {
                continue
            }
            add(.cxl, range)
        }
    }

    /// alloc_dax_region()
    private mutating func add(_ owner: Owner, _ bytes: AddressRange) {
        if generation != .deferring && devices.contains(where: { $0.bytes.overlaps(bytes) }) { return }
        if bytes.start % (2 << 20) == 0 && bytes.size % (2 << 20) == 0 { devices.append((owner, bytes)) }
    }
}
