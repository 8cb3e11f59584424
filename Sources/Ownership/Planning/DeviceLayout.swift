import Iomem
import Machine

extension MachineState {
    /// What `steps` lose of how dax regions are split into devices, a sentence for each region.
    ///
    /// A driver that comes makes one device over the whole region (drivers/dax/cxl.c: cxl_dax_region_probe(),
    /// drivers/dax/hmem/hmem.c: dax_hmem_probe()); `daxctl` made the others.
    func lostLayouts(after steps: [Step]) -> [String] {
        let going: [Owner] = [
            steps.contains { [.unload("dax_cxl"), .unload("cxl_acpi")].contains($0) } ? .cxl : nil,
            steps.contains(.unload("dax_hmem")) ? .hmem : nil,
        ].compactMap { $0 }
        let unbound = steps.filter { $0.verb == .unbindHmem }.compactMap(\.range)
        let devices = daxDevices.filter { device in
            let isUnbound = device.owner == .hmem && device.ranges.contains { unbound.contains(where: $0.overlaps) }
            return (device.owner.map(going.contains) == true || isUnbound) && !device.ranges.isEmpty
        }
        let regions = devices.map(\.through).uniqued()
        return regions.compactMap { region in
            let split = devices.filter { $0.through == region }
            guard split.count > 1 else { return nil }
            let words = split.map { device in
                let use = device.driver == "kmem" ? "system-ram" : device.driver == nil ? "idle" : "devdax"
                return "\(device.name) (\(sizeText(device.ranges.totalSize)), \(use))"
            }
            return
                "\(region) is split into \(words.joined(separator: " and ")). The split is lost: the new driver makes one "
                + "device over all of it. Note the layout (daxctl list) to make it again."
        }
    }
}
