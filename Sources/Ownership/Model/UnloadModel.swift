import Iomem
import Machine

// What removing one module does. Removal is synchronous: everything here is so when the call returns.
extension KernelModel {
    /// Removes that one module and nothing else.
    func unloading(_ module: String) -> StepOutcome {
        guard loaded.contains(module) else { return StepOutcome(self) }
        if let refusal = refusalToRemove(module) { return StepOutcome(self, refusal: refusal) }
        if module == "cxl_pmem" && windowsAreLive {
            return StepOutcome(
                self,
                refusal: "cxl_pmem is in use by the nvdimm bus of cxl_acpi (EAGAIN)"
            )
        }
        var model = self
        model.loaded.remove(module)
        switch module {
        case "dax_cxl": model.dropClaims(of: .cxl)
        case "dax_hmem": model.removeDaxHmem()
        case "cxl_acpi": model.removeCxlAcpi()
        case "cxl_pci", "cxl_mem", "cxl_port": model.removeEndpoints()
        case "kmem", "device_dax":
            model.leak(claims.filter { $0.driver == module })
            for index in claims.indices where claims[index].driver == module { model.claims[index].driver = nil }
        default: break
        }
        return StepOutcome(model)
    }

    /// What dax_hmem made goes, its hmem devices too (drivers/dax/hmem/hmem.c: release_hmem()).
    mutating func removeDaxHmem() {
        dropClaims(of: .hmem)
        unboundHmem = []
        softReservedLines = []
    }

    private mutating func dropClaims(of owner: Owner) {
        leak(claims.filter { $0.owner == owner })
        let decision = Decision([.noDriver], "\(owner == .cxl ? "dax_cxl" : "dax_hmem") is not loaded")
        decide(claims.filter { $0.owner == owner }.flatMap(\.ranges).map { ($0, decision) })
        claims.removeAll { $0.owner == owner }
    }

    mutating func removeCxlAcpi() {
        windowsAreLive = false
        // drivers/nvdimm/bus.c: nvdimm_bus_probe() holds the bus's module for each device with a driver; all go with it.
        references["cxl_pmem"] = nil
        removeRegions("with cxl_acpi")
    }

    /// The regions go, and with them the decoders that nothing keeps and the dax devices of CXL.
    mutating func removeRegions(_ how: String) {
        let losing = regions.filter(\.losesDecoders)
        reset += losing.map(\.range)
        restored.removeAll(where: Set(losing.map(\.range)).contains)
        decide(
            losing.map { region in
                let isKnown = region.lock != .unknown
                let why = "the decoders of \(region.name) \(isKnown ? "are" : "may be") reset \(how)"
                return (region.range, Decision([region.lock == .ignored ? .lockIgnored : .resetOnRemoval], why))
            }
        )
        let over = RangeIndex(regions.map(\.range))
        let isLost = { (claim: DaxClaim) in claim.owner == .cxl && claim.ranges.contains(where: over.overlaps) }
        let lost = claims.filter(isLost)
        leak(lost)
        // No device of CXL lies within another one, so none of these reasons takes the place of another.
        var made: [(range: AddressRange, decision: Decision)] = []
        var decided: Set<AddressRange> = []
        for claim in lost {
            let decision = Decision([.noDriver], "\(claim.through) is removed \(how)")
            for range in claim.ranges where !decisions.has(range) && decided.insert(range).inserted {
                made.append((range, decision))
            }
        }
        decide(made)
        claims.removeAll(where: isLost)
        regions = regions.compactMap(\.withoutRoot)
    }

    /// The decoders of an endpoint go with its memory device, and with the driver of its port (drivers/cxl/port.c:
    /// cxl_endpoint_port_probe() has them in its care).
    private mutating func removeEndpoints() {
        reset += regions.filter(\.losesDecoders).map(\.range)
        for index in regions.indices { regions[index].loseEndpoints() }
        let gone = Set(regions.filter { $0.isPresent && !$0.isCommitted }.map(\.name))
        let isLost = { (claim: DaxClaim) in claim.owner == .cxl && gone.contains(claim.through) }
        leak(claims.filter(isLost))
        claims.removeAll(where: isLost)
    }
}
