import Iomem
import Machine

// What removing one module does. Removal is synchronous: everything here is so when the call returns.
extension KernelModel {
    /// Removes that one module and nothing else.
    func unloading(_ module: String) -> StepOutcome {
        if builtin.contains(module) {
            return StepOutcome(self, refusal: "\(module) is part of the kernel image, not a module (ENOENT)")
        }
        guard loaded.contains(module) else { return StepOutcome(self) }
        if let refusal = modules.refusalToRemove(module, loaded: loaded) { return StepOutcome(self, refusal: refusal) }
        if module == "cxl_pmem" && windowsAreLive {
            return StepOutcome(
                self,
                refusal: "cxl_pmem is in use: the nvdimm bus below cxl_acpi holds it (EAGAIN, which is EWOULDBLOCK)"
            )
        }
        var world = self
        world.loaded.remove(module)
        switch module {
        case "dax_cxl": world.dropClaims(of: .cxl)
        case "dax_hmem": world.dropClaims(of: .hmem)
        case "cxl_acpi": world.removeCxlAcpi()
        case "cxl_pci", "cxl_mem", "cxl_port": world.removeEndpoints()
        case "kmem", "device_dax":
            for index in world.claims.indices where world.claims[index].driver == module {
                world.leak(world.claims[index])
                world.claims[index].driver = nil
            }
        default: break
        }
        return StepOutcome(world)
    }

    private mutating func dropClaims(of owner: Owner) {
        for claim in claims where claim.owner == owner {
            leak(claim)
            for range in claim.ranges {
                decide(range, [.noDriver], "\(owner == .cxl ? "dax_cxl" : "dax_hmem") is removed")
            }
        }
        claims.removeAll { $0.owner == owner }
    }

    /// Memory that is online when its device goes stays, with no device behind (drivers/dax/kmem.c: dev_dax_kmem_remove()).
    private mutating func leak(_ claim: DaxClaim) {
        guard claim.driver == "kmem" else { return }
        leaked += claim.ranges.compactMap(memoryBlocks).filter { range in onlineBlocks.contains { $0.overlaps(range) } }
    }

    private mutating func removeCxlAcpi() {
        windowsAreLive = false
        // drivers/nvdimm/bus.c: nvdimm_bus_probe() holds the bus's module for each device with a driver; all go with it.
        modules.dropReferences(to: "cxl_pmem")
        var lost: [AddressRange] = []
        for index in regions.indices where regions[index].isPresent {
            if regions[index].isDetached { regions[index].attach() }
            regions[index].isPresent = false
            regions[index].assembled = regions[index].committed
            let region = regions[index]
            if region.committed && !region.keepsDecoders {
                lost.append(region.range)
                decide(
                    region.range,
                    [region.lockIsIgnored ? .lockIgnored : .resetOnRemoval],
                    "the decoders of \(region.name) are reset with cxl_acpi"
                )
            }
        }
        dropRegions { region in
            !region.hasDecoders || region.committed && !region.keepsDecoders && lost.contains(region.range)
        }
        undecoded += lost
    }

    /// The decoders of an endpoint go with its memory device, and with the driver of its port (drivers/cxl/port.c:
    /// cxl_endpoint_port_probe() has them in its care).
    ///
    /// drivers/cxl/core/region.c: a region that loses a target is no longer committed and has no dax_region, locked or not.
    private mutating func removeEndpoints() {
        for index in regions.indices where regions[index].isPresent && regions[index].committed {
            regions[index].committed = false
            regions[index].assembled = false
            if regions[index].keepsDecoders {
                regions[index].isDetached = true
                continue
            }
            regions[index].hasDecoders = false
            undecoded.append(regions[index].range)
        }
        let gone = regions.filter { $0.isPresent && !$0.committed }.map(\.name)
        claims.filter { $0.owner == .cxl && gone.contains($0.through) }.forEach { leak($0) }
        claims.removeAll { $0.owner == .cxl && gone.contains($0.through) }
    }

    private mutating func dropRegions(where isLost: (ModelRegion) -> Bool) {
        let hidden = regions.filter { !$0.isPresent }
        for claim in claims where claim.owner == .cxl && hidden.contains(where: { claim.overlaps($0.range) }) {
            leak(claim)
            for range in claim.ranges where decisions[range] == nil {
                decide(range, [.noDriver], "\(claim.through) goes with cxl_acpi")
            }
        }
        claims.removeAll { claim in claim.owner == .cxl && hidden.contains { claim.overlaps($0.range) } }
        regions.removeAll(where: isLost)
    }
}
