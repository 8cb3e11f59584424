import Iomem
import Machine

// What the steps on memory do.
extension KernelModel {
    /// Every block of `range` goes offline and kmem is taken off the device: no block is left that could be onlined
    /// (drivers/dax/kmem.c: dev_dax_kmem_remove() removes offline memory).
    func offlining(_ range: AddressRange) -> StepOutcome {
        var world = self
        for index in claims.indices where claims[index].driver == "kmem" && claims[index].overlaps(range) {
            world.claims[index].driver = nil
            for bytes in claims[index].ranges { world.onlineBlocks.removeAll { $0.overlaps(bytes) } }
        }
        return StepOutcome(world)
    }

    /// The device over `range` gets the driver, and its blocks the state, that the use takes.
    func restoring(_ use: MemoryUse, over range: AddressRange) -> StepOutcome {
        guard let index = claims.firstIndex(where: { $0.overlaps(range) }) else {
            return StepOutcome(self, refusal: "no dax device lies over \(range)")
        }
        if use != .idle, let bytes = claims[index].ranges.first(where: isBlocked) {
            return StepOutcome(self, refusal: "no driver can bind over \(bytes): another resource in iomem cuts it")
        }
        var world = self
        switch use {
        case .systemRAM:
            world.loaded.formUnion(builtin.contains("kmem") ? [] : ["kmem"])
            world.claims[index].driver = "kmem"
            if !range.subtracting(onlineBlocks).isEmpty {
                world.onlineBlocks.removeAll { $0.overlaps(range) }
                world.onlineBlocks.append(range)
            }
        case .devdax:
            world = world.offlining(range).worlds[0]
            world.loaded.formUnion(builtin.contains("device_dax") ? [] : ["device_dax"])
            world.claims[index].driver = "device_dax"
        case .idle:
            world = world.offlining(range).worlds[0]
            world.claims[index].driver = nil
        }
        if !world.isSame(as: self) { world.claims[index].isPut = true }
        return StepOutcome(world)
    }
}
